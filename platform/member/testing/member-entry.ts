/** A process that is a member of a cluster and tells its parent what happens to it. Never imported. */
import { joinCluster } from '../membership.ts';
import { candidate } from './candidate.ts';

export type MemberNews = { readonly joined: true } | { readonly dropped: string };

const [, , port, name = ''] = process.argv;
const tell = (news: MemberNews): void => void process.send?.(news);
process.on('disconnect', () => process.exit());
await joinCluster({
  manager: { host: '127.0.0.1', port: Number(port) },
  self: candidate(name),
  onDropped: ({ message }) => tell({ dropped: message }),
});
tell({ joined: true });
