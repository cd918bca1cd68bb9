/**
 * An arena that stands in no directory: who knows its heap can attach to it. For arenas whose pages come from
 * elsewhere than the system, or with trouble in between.
 */

import type { Heap } from "../../../src/heap/heap.ts";
import type { ArenaHandle } from "../../../src/registry/handle.ts";
import { ArenaSource, handleOf, type Role } from "../../../src/registry/source.ts";
import { Attachment } from "../../../src/worker/attachment.ts";

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

  join(): Attachment {
    return new Attachment(this.heap);
  }

  occupy(): boolean {
    return true;
  }

  reopen(): void {}

  startEnding(): void {}

  ended(): void {}
}
