/*
 * src/cache: a Worker's lists of ready blocks. A class has room for one block, and a refill brings up to two, so that
 * two requests reach the slow paths. The fast paths are one step: they have no point of death, and of their words the
 * others look at word 1 alone, which is one store.
 */

/* Takes the first block of the class, if there is one, as `mine`. */
#define CAN_POP(k) ((k) <= CLASSES && HEAD(slot, k) != 0)
inline pop(kind) {
  d_step {
    mine = HEAD(slot, kind);
    assert(word1[mine] == CACHED(slot) && size[mine] == kind);
#ifndef EARLY_MARK
    HEAD(slot, kind) = link[mine];
    link[mine] = 0;
#endif
    word1[mine] = IN_USE(slot);
    hold(mine);
    printf("Worker %d takes block %d from its cache\n", me, mine)
  }
#ifdef EARLY_MARK
  d_step { HEAD(slot, kind) = link[mine]; link[mine] = 0; printf("Worker %d takes block %d off its list\n", me, mine) }
#endif
}

/* A block that this Worker may put into its cache: claimed, or in use under its own slot. */
#define CAN_PUT(b) (size[b] <= CLASSES && HEAD(slot, size[b]) == 0)
inline put(spare) {
  word1[spare] = CACHED(slot);
  link[spare] = HEAD(slot, size[spare]);
  HEAD(slot, size[spare]) = spare;
  printf("Worker %d puts block %d into its cache\n", me, spare)
}

/* ghost: the program has the block from here on. */
inline hold(got) {
  assert((held & CELLS_OF(got)) == 0);
  held = held | CELLS_OF(got)
}

inline refill(kind) {
  enter();
  allocate(kind, 2 * kind);
  do
  :: taken != 0 ->
     split(taken, kind);
     /* Straight-line in the source: no death in between. */
     d_step {
       word1[taken] = CACHED(slot);
       link[taken] = HEAD(slot, kind);
       HEAD(slot, kind) = taken;
       printf("Worker %d caches block %d\n", me, taken);
       taken = rest;
       rest = 0
     }
     if
     :: taken != 0 && size[taken] < kind -> give(taken); taken = 0
     :: else
     fi
  :: else -> break
  od;
  skip;
  leave()
}

inline flush(kind) {
  enter();
  giveList(slot, kind);
  skip;
  leave()
}

/* Gives all blocks of a list back. Under the lock. */
inline giveList(which, list) {
  d_step { c = HEAD(which, list); HEAD(which, list) = 0 }
  do
  :: c != 0 ->
     d_step { assert(word1[c] == CACHED(which)); next = link[c] }
     give(c);
     d_step { c = next; next = 0 }
  :: else -> break
  od
}

/* Empties the cache of a slot: the caller's own or a dead one's. Under the lock. */
inline drain(from) {
  class = 1;
  do
  :: class <= CLASSES -> giveList(from, class); class++
  :: else -> break
  od;
  class = 0
}
