/*
 * When all Workers rest or are gone, those that are left trim once more, and nothing is lost. Then what the dead had goes
 * back too, and all memory is free. It runs alone, so it is one step.
 */
#define ALL (BIT(THREADS + 1) - 2)
#define FOR_LIVING(act) \
  me = 1; \
  do \
  :: me <= THREADS && !GONE(me) -> act(); me++ \
  :: me <= THREADS && GONE(me) -> me++ \
  :: else -> break \
  od; \
  me = AUDITOR

/* Each block that nobody uses is free, and each span without one in use is dropped. */
inline lookAtBlocks() {
  mine = 1;
  do
  :: mine <= SPANS * BLOCKS ->
     assert(STATE(mine) != READY && STATE(mine) != REMOTE);
     assert((STATE(mine) == IN_USE) == ((held >> mine) & 1));
     if :: STATE(mine) == IN_USE -> n = n | BIT(SPAN_OF(mine)) :: else fi;
     mine++
  :: else -> break
  od;
  s = 1;
  do
  :: s <= SPANS -> assert((map[s] != 0) == ((n >> s) & 1)); s++
  :: else -> break
  od;
  mine = 0;
  s = 0;
  n = 0
}

active proctype Auditor() {
  byte me;
  LOCALS
  atomic {
    ((resting | gone) & ALL) == ALL ->
    me = AUDITOR;
#ifdef TOLD
    /* Nobody died: each Worker was told of all that others freed in its spans. */
    FOR_LIVING(collect);
    s = 1;
    do
    :: s <= SPANS * BLOCKS -> assert(!(STATE(s) == REMOTE && OWNER(SPAN_OF(s)) != 0)); s++
    :: else -> break
    od;
    s = 0;
#endif
    FOR_LIVING(trim);
    if
    :: (gone & ALL) == ALL -> trim()
    :: else
    fi;
    lookAtBlocks();
    reclaim();
    /* What is left is the living ones'. */
    mine = 1;
    do
    :: mine <= SPANS * BLOCKS && STATE(mine) == IN_USE -> assert(!GONE(ALLOCATOR(mine))); freeRemotely(); mine++
    :: mine <= SPANS * BLOCKS && STATE(mine) != IN_USE -> mine++
    :: else -> break
    od;
    FOR_LIVING(detach);
    trim();
    s = 1;
    do
    :: s <= SPANS -> assert(map[s] == 0 && isFreeUnit[s]); s++
    :: else -> break
    od
  }
}
