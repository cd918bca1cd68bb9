/*
 * When all Workers are gone, one more comes, cleans up with the public calls and finds the whole heap free: nothing was
 * lost. It runs alone, so it is one step.
 */
#define ALL_GONE (BIT(THREADS + 1) - 2)

active proctype Auditor() {
  byte me = THREADS + 1;
  LOCALS
  atomic {
    gone == ALL_GONE ->
    slot = AUDITOR_SLOT;
    owner[slot] = me + 16;
    token = TOKEN(slot);
    begun[slot] = GENERATION(owner[slot]);
    reclaim();
    enter();
    /* Blocks of forgotten owners go back by their pointers. */
    b = 1;
    do
    :: b < top && word1[b] == IN_USE(NOBODY) -> release(b); give(b); b = 1
    :: b < top && word1[b] != IN_USE(NOBODY) -> b = b + size[b]
    :: else -> break
    od;
    sweepSlots();
    leave();
    /* Every cell is in the untouched rest of the window. */
    assert(top == 1);
    assert(held == 0);
    s = 1;
    do
    :: s <= SLOTS -> assert(THREAD(owner[s]) == VACANT && freeing[s] == 0); s++
    :: else -> break
    od
  }
}
