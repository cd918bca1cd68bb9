/**
 * The passage: the one mapping that is on its way into the arena or out of it. A system call and the store that
 * registers its result are two steps; a death between them would lose the memory, or leave it registered when it is
 * gone. So the range stands in the control block meanwhile, and whoever takes the lock over sees from the registries
 * what is to be done (death/recovery.ts).
 *
 *   in:   map, note, register, arrived
 *   out:  note, unregister, end
 *
 * The range is forgotten before it is unmapped, because afterwards the addresses may be somebody else's; its content
 * is given back before that. So a death at any point loses at most address space without memory: between `map` and
 * `note`, and between the last two steps of `end`.
 */
import type { Address } from "../core/types.ts";
import type { Control } from "../memory/control.ts";
import type { Held } from "../memory/held.ts";
import { ControlDouble } from "../memory/layout.ts";
import type { PageSource } from "../platform/platform.ts";

export class Passage {
  constructor(
    private readonly control: Control,
    private readonly pages: PageSource,
  ) {}

  /** Notes a range that is being registered or unregistered. */
  note(this: Held<Passage>, address: number, byteLength: number): void {
    const { doubles } = this.control;
    doubles[ControlDouble.passingBytes] = byteLength;
    doubles[ControlDouble.passing] = address;
  }

  /** The range is registered. */
  arrived(this: Held<Passage>): void {
    this.control.doubles[ControlDouble.passing] = 0;
  }

  /** The range is not registered any more: ends the mapping. False if the system refuses that; its content is gone. */
  end(this: Held<Passage>): boolean {
    const { doubles } = this.control;
    const address = doubles[ControlDouble.passing]! as Address;
    const byteLength = doubles[ControlDouble.passingBytes]!;
    this.pages.release(address, byteLength);
    doubles[ControlDouble.passing] = 0;
    return this.pages.unmap(address, byteLength) >= 0;
  }

  /** The noted range; address 0 = none. */
  get range(): { address: number; byteLength: number } {
    const { doubles } = this.control;
    return { address: doubles[ControlDouble.passing]!, byteLength: doubles[ControlDouble.passingBytes]! };
  }
}
