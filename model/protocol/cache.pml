/*
 * src/cache: a Worker's lists of ready blocks. A class has room for one block, and a refill brings up to two, so that
 * two requests reach the slow paths. Of the fast paths' words the others look at word 1 alone; a death between two of
 * the stores leaves a block that word 1 calls cached, and no list or a wrong one leads to.
 */

/* Takes the first block of the class, if there is one, as `mine`. */
#define CAN_POP(k) ((k) <= CLASSES && HEAD(slot, k) != 0)
inline pop(kind) {
  d_step {
    mine = HEAD(slot, kind);
    assert(word1[mine] == CACHED(slot) && size[mine] == kind);
    HEAD(slot, kind) = link[mine];
    link[mine] = 0;
    printf("Worker %d takes block %d off its list\n", me, mine)
  }
  d_step { word1[mine] = IN_USE(slot); hold(mine); printf("Worker %d marks block %d as in use\n", me, mine) }
}

/* A block that this Worker may put into its cache: claimed, or in use under its own slot. */
#define CAN_PUT(b) (size[b] <= CLASSES && HEAD(slot, size[b]) == 0)
#define MARK_CACHED(b) word1[b] = CACHED(slot); printf("Worker %d marks block %d as cached\n", me, b)
/* It is marked already. */
inline linkIn(spare) {
  link[spare] = HEAD(slot, size[spare]);
  d_step { HEAD(slot, size[spare]) = spare; printf("Worker %d puts block %d on its list\n", me, spare) }
}

/* ghost: the program has the block from here on. */
inline hold(got) {
  assert((held & CELLS_OF(got)) == 0);
  held = held | CELLS_OF(got)
}

inline refill(kind) {
  enter();
  if
  :: HEAD(NOBODY, kind) != 0 -> withdraw(kind)
  :: else -> cutBatch(kind)
  fi;
  skip;
  leave()
}

inline cutBatch(kind) {
  allocate(kind, 2 * kind);
  if
  :: taken != 0 ->
     divide(taken, kind);
     if :: rest != 0 -> give(rest); rest = 0 :: else fi;
     d_step {
       assert(HEAD(slot, kind) == 0);
       HEAD(slot, kind) = taken;
       printf("Worker %d caches block %d\n", me, taken);
       taken = 0
     }
  :: else
  fi
}

inline flush(kind) {
  enter();
  deposit(kind);
  leave()
}

/* Gives all blocks of a list back, or of a batch of the depot. Under the lock. */
inline giveList(which, list) {
  d_step { c = HEAD(which, list); HEAD(which, list) = nextBatch[c]; nextBatch[c] = 0 }
  giveAll(which)
}

/* Gives the block `c` and all behind it back. Under the lock. */
inline giveAll(which) {
  do
  :: c != 0 ->
     d_step { assert(word1[c] == CACHED(which)); next = link[c] }
     give(c);
     d_step { c = next; next = 0 }
  :: else -> break
  od
}

/* Empties the caller's own cache or the depot. Under the lock. */
inline drain(from) {
  class = 1;
  do
  :: class <= CLASSES && HEAD(from, class) != 0 -> giveList(from, class)
  :: class <= CLASSES && HEAD(from, class) == 0 -> class++
  :: else -> break
  od;
  class = 0
}
