#define OF_LOST(w) (STATE(w) == 1 && ((lost >> SLOT(w)) & 1))
/*
 * `reclaim(owner)`, for all owners that are gone: their blocks in use go back. Another Worker may free such a block at
 * the same time, so each is exchanged, and what is exchanged is what was tested: one step here. Until it is given back
 * it is cached by this Worker, on no list: if that dies, a rebuild files it.
 */
inline reclaim() {
  enter();
  reap();
  d_step {
    s = 1;
    do
    :: s <= SLOTS -> if :: THREAD(owner[s]) == RETIRED -> lost = lost | BIT(s) :: else fi; s++
    :: else -> break
    od;
    s = 0;
    b = 1
  }
  do
  :: b < top && OF_LOST(word1[b]) ->
#ifdef RECLAIM_TWO_LOADS
     printf("Worker %d finds block %d in use\n", me, b);
#endif
     if
#ifdef RECLAIM_TWO_LOADS
     :: d_step {
#else
     :: d_step { OF_LOST(word1[b]) ->
#endif
          word1[b] = CACHED(slot);
          link[b] = next;
          next = b;
          release(b);
          reclaimed = 1;
          printf("Worker %d reclaims block %d\n", me, b)
        }
     :: else
     fi;
     b = b + size[b]
  :: b < top && !OF_LOST(word1[b]) -> b = b + size[b]
  :: else -> break
  od;
  skip;
  d_step { b = 0; lost = 0; c = next; next = 0 }
  giveAll();
  skip;
  leave()
}

/* Gives the block `c` and all behind it back. Under the lock. */
inline giveAll() {
  do
  :: c != 0 ->
     d_step { assert(word1[c] == CACHED(slot)); next = link[c] }
     give(c);
     d_step { c = next; next = 0 }
  :: else -> break
  od
}

/* ghost: the program does not have the block any more. */
inline release(given) {
  held = held & ~CELLS_OF(given);
  pool = pool & ~BIT(given)
}
