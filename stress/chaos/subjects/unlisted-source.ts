/**
 * An arena that stands in no directory: who knows its heap can attach to it. For arenas whose pages come from
 * elsewhere than the system, or with trouble in between.
 */
import { Attachment } from "../../../src/arena/attachment.ts";
import type { ArenaHandle } from "../../../src/arena/handle.ts";
import { ArenaSource, handleOf, type Role } from "../../../src/arena/source.ts";
import type { SlowPath } from "../../../src/cache/fast-path.ts";
import type { Heap } from "../../../src/heap/heap.ts";

export class UnlistedSource extends ArenaSource {
  readonly handle: ArenaHandle;

  constructor(
    private readonly heap: Heap,
    readonly name: string,
    readonly role: Role,
  ) {
    super();
    this.handle = handleOf(heap, name);
  }

  join(slowPath: SlowPath): Attachment {
    return new Attachment(this.heap, slowPath);
  }

  occupy(): boolean {
    return true;
  }

  reopen(): void {}

  startEnding(): void {}

  ended(): void {}
}
