/*
 * src/cache and src/heap/kept.ts: a Worker's lists of the blocks that it keeps, one a class, under one budget. A class is
 * a size here. Of these words the others look at word 1 alone; a death between two of the stores leaves a block that
 * word 1 calls cached, and no list or a wrong one leads to.
 */

/* One block more may be kept. */
#define HAS_BUDGET (kept[slot] < MOST)
#define CAN_KEEP(b) (size[b] <= CLASSES && HAS_BUDGET)

#define LOWER(cells) d_step { kept[slot] = kept[slot] - (cells); printf("Worker %d keeps %d cells\n", me, kept[slot]) }

/* Takes the first block of the class, if there is one, as `mine`. */
#define CAN_POP(k) ((k) <= CLASSES && HEAD(slot, k) != 0)
inline pop(kind) {
#ifdef LOWER_FIRST
  LOWER(kind);
#endif
  d_step {
    mine = HEAD(slot, kind);
    assert(word1[mine] == CACHED(slot) && size[mine] == kind);
    HEAD(slot, kind) = link[mine];
    link[mine] = 0;
    printf("Worker %d takes block %d off its list\n", me, mine)
  }
#ifndef LOWER_FIRST
  LOWER(kind);
#endif
  d_step { word1[mine] = IN_USE(slot); hold(mine); printf("Worker %d marks block %d as in use\n", me, mine) }
}

/* A block that this Worker may put on a list: claimed, or in use under its own slot. */
#define MARK_CACHED(b) word1[b] = CACHED(slot); printf("Worker %d marks block %d as cached\n", me, b)
inline put(spare) {
  raise(size[spare]);
  d_step { MARK_CACHED(spare) }
  linkIn(spare)
}

inline raise(cells) {
#ifndef RAISE_LATE
  raiseNow(cells)
#else
  skip
#endif
}
inline raiseNow(cells) {
  d_step { kept[slot] = kept[slot] + cells; printf("Worker %d keeps %d cells\n", me, kept[slot]) }
}

/* It is marked and counted already. */
inline linkIn(spare) {
  link[spare] = HEAD(slot, size[spare]);
  d_step { HEAD(slot, size[spare]) = spare; printf("Worker %d puts block %d on its list\n", me, spare) }
#ifdef RAISE_LATE
  raiseNow(size[spare])
#endif
}

/* ghost: the program has the block from here on. */
inline hold(got) {
  assert((held & CELLS_OF(got)) == 0);
  held = held | CELLS_OF(got)
}

/* Fills an empty class with one or two blocks. */
inline refill(kind) {
  enter();
  allocate(kind, 2 * kind);
  if
  :: taken != 0 ->
     divide(taken, kind);
     if :: rest != 0 -> give(rest); rest = 0 :: else fi;
     assert(HEAD(slot, kind) == 0);
     raise(kind * (1 + (link[taken] != 0)));
     d_step {
       HEAD(slot, kind) = taken;
       printf("Worker %d puts block %d on its list\n", me, taken)
     }
#ifdef RAISE_LATE
     raiseNow(kind * (1 + (link[taken] != 0)));
#endif
     taken = 0
  :: else
  fi;
  leave()
}

/* Gives the older half of the lists back, the largest class first, until half of the budget is kept. */
inline flush() {
  enter();
  class = CLASSES;
  do
  :: class >= 1 && 2 * kept[slot] > MOST && HEAD(slot, class) != 0 ->
     /* `last` is the last block that stays, 0 = none. */
     d_step {
       c = HEAD(slot, class);
       do :: c != 0 -> i++; c = link[c] :: else -> break od;
       i = i / 2;
       last = 0;
       do
       :: i > 0 -> last = (last == 0 -> HEAD(slot, class) : link[last]); i--
       :: else -> break
       od
     }
     releaseBehind();
     class--
  :: class >= 1 && 2 * kept[slot] > MOST && HEAD(slot, class) == 0 -> class--
  :: else -> break
  od;
  class = 0;
  leave()
}

/* Gives the lists of a slot back until they have no more than `most` cells. Under the lock. */
inline releaseKept(whose, most) {
  class = CLASSES;
  do
  :: class >= 1 && kept[whose] > most -> releaseList(whose); class--
  :: else -> break
  od;
  class = 0
}

/* Gives the blocks of a list back that stand behind `last`. */
inline releaseBehind() {
  do
  :: d_step {
       (last == 0 -> HEAD(slot, class) : link[last]) != 0 ->
       c = (last == 0 -> HEAD(slot, class) : link[last]);
       unlink(slot, last)
     };
     releaseOne(slot)
  :: else -> break
  od;
  last = 0
}

inline releaseList(whose) {
  do
  :: d_step { HEAD(whose, class) != 0 -> c = HEAD(whose, class); unlink(whose, 0) };
     releaseOne(whose)
  :: else -> break
  od;
  skip
}

inline unlink(whose, former) {
  assert(word1[c] == CACHED(whose) && size[c] == class);
  if
  :: former == 0 -> HEAD(whose, class) = link[c]
  :: else -> link[former] = link[c]
  fi
}

inline releaseOne(whose) {
  give(c);
  d_step { kept[whose] = kept[whose] - class; c = 0 }
}
