/** Who may import whom, as data for dependency-cruiser; ARCHITECTURE.md draws the same rules. */
import type { IForbiddenRuleType } from 'dependency-cruiser';

/** The folders that hold source. */
export const ROOMS = ['workloads', 'platform', 'baselines', 'harness', 'scripts'];

/** Files that a process or a thread starts from; they are reached by path or URL, never by import. */
export const ENTRY = '(^|/)(main|entry|[^/]+-entry)\\.ts$';

/** Tests, benchmarks and what only these use may reach further than the code that they try. */
export const TRIAL = '\\.(test|bench)\\.ts$|(^|/)(fixtures|testing)(/|\\.ts$)|^platform/soak/';

const ANY_ROOM = `^(${ROOMS.join('|')})/`;

/** Code in `from` may import files of `to` only; packages and Node's own modules where `packages` says so. */
function only(
  name: string,
  from: string,
  to: readonly string[],
  comment: string,
  packages: 'packages' | 'no packages',
): IForbiddenRuleType {
  return {
    name,
    comment,
    severity: 'error',
    from: { path: from, pathNot: TRIAL },
    to: packages === 'packages' ? { path: ANY_ROOM, pathNot: [...to] } : { pathNot: [...to] },
  };
}

/** The rooms of platform/ and what each stands on. */
const PLATFORM_LAYERS: Readonly<Record<string, readonly string[]>> = {
  log: [],
  wire: ['core'],
  store: ['core'],
  executor: ['core', 'wire', 'store'],
  door: ['core', 'wire'],
  member: ['core', 'wire'],
  worker: ['core', 'wire', 'store', 'executor', 'door', 'member'],
  coordinator: ['core', 'wire', 'store', 'door', 'member'],
  manager: ['core', 'wire'],
  client: ['core', 'wire', 'store', 'member'],
  trace: ['wire'],
  gateway: ['core', 'wire', 'client', 'trace'],
  config: ['wire', 'store', 'manager', 'coordinator', 'worker', 'gateway'],
  launch: ['core', 'wire', 'store', 'worker', 'coordinator', 'manager', 'client', 'gateway'],
  cli: ['core', 'wire', 'store', 'member', 'client', 'trace', 'config', 'launch'],
};

const platformLayers = Object.entries(PLATFORM_LAYERS).map(([room, below]) =>
  only(
    `platform-${room}`,
    `^platform/${room}/`,
    [`^platform/(${[room, ...below, 'log'].join('|')})/`],
    `platform/${room} stands on ${[...below, 'log'].join(', ')} alone`,
    'packages',
  ),
);

export const IMPORT_RULES: IForbiddenRuleType[] = [
  { name: 'no-cycles', comment: 'no cycles, type imports included', severity: 'error', from: {}, to: { circular: true } },
  { name: 'no-unresolved', comment: 'every import leads somewhere', severity: 'error', from: {}, to: { couldNotResolve: true } },
  {
    name: 'no-entry-imports',
    comment: 'a process or thread entry is started by path or URL, never imported',
    severity: 'error',
    from: {},
    to: { path: ENTRY },
  },
  {
    name: 'no-test-imports',
    comment: 'nobody imports a test or a benchmark, and only they import fixtures',
    severity: 'error',
    from: { pathNot: TRIAL },
    to: { path: TRIAL },
  },
  {
    name: 'no-dev-packages',
    comment: 'what is packed uses dependencies, not devDependencies',
    severity: 'error',
    from: { path: '^(workloads|platform|baselines|harness)/', pathNot: TRIAL },
    to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'], dependencyTypesNot: ['npm'] },
  },
  only('workloads-api', '^workloads/api/', ['^workloads/api/'], 'the contract imports nothing outside its folder', 'no packages'),
  only(
    'workloads',
    '^workloads/(?!api/)([^/]+)/',
    ['^workloads/api/', '^workloads/$1/'],
    'a workload imports the contract, its own folder and packages',
    'packages',
  ),
  only('catalogue', '^workloads/[^/]+\\.ts$', ['^workloads/'], 'the catalogue imports workloads alone', 'packages'),
  only('platform-core', '^platform/core/', ['^platform/core/'], 'the core is pure: no package, no node: module', 'no packages'),
  ...platformLayers,
  only(
    'platform-driver',
    '^platform/driver/',
    ['^platform/', '^workloads/api/'],
    'platform/driver is where the platform meets the contract',
    'packages',
  ),
  only('platform', '^platform/(?!driver/)', ['^platform/'], 'Pheromone is usable on its own', 'packages'),
  only(
    'baselines',
    '^baselines/([^/]+)/',
    ['^baselines/$1/', '^workloads/api/'],
    'a baseline imports the contract, its own folder and packages',
    'packages',
  ),
  only(
    'harness-registry',
    '^harness/registry\\.ts$',
    ['^harness/', '^workloads/(api/|catalogue\\.ts)', '^platform/driver/driver\\.ts$', '^baselines/[^/]+/driver\\.ts$'],
    'the registry reaches platforms through their drivers',
    'packages',
  ),
  only(
    'harness',
    '^harness/(?!registry\\.ts$)',
    ['^harness/', '^workloads/(api/|catalogue\\.ts$)'],
    'the harness reaches platforms through its registry, workloads through the catalogue',
    'packages',
  ),
  {
    name: 'dockerode',
    comment: 'only the harness talks to Docker',
    severity: 'error',
    from: { path: ANY_ROOM, pathNot: '^harness/' },
    to: { path: 'node_modules/(@types/)?dockerode(/|$)' },
  },
  {
    name: 'adapter-without-client',
    comment: 'the adapter runs inside executors: it must not bring the client or the wire along',
    severity: 'error',
    from: { path: '^platform/driver/adapter\\.ts$' },
    to: { path: '^platform/(client|wire)/', reachable: true },
  },
];
