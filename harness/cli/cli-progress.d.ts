/** The part of cli-progress that is used here; the package brings no types. */
declare module 'cli-progress' {
  export class SingleBar {
    constructor(options: {
      readonly format: string;
      readonly fps: number;
      readonly hideCursor: boolean;
      readonly gracefulExit: boolean;
      readonly clearOnComplete: boolean;
      readonly stream: NodeJS.WriteStream;
    });
    start(total: number, startValue: number, payload: Readonly<Record<string, string>>): void;
    update(value: number, payload: Readonly<Record<string, string>>): void;
    render(): void;
    stop(): void;
  }
}
