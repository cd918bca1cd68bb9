/*
 * A Worker: attaches, makes some requests, then leaves, or ends without leaving. It can be terminated between any two
 * steps. Pointers go from hand to hand by way of `pool`: any Worker may free any block there.
 */

#define LOCALS \
  byte slot, token, seen, k, mine, c, next, s, b, taken, rest, restSize, behind, before, last, i, lost, forgotten, class, ops, turn; \
  byte dying[SLOTS + 1]; \
  bit inherited;

#define IN_POOL(b) ((pool >> (b)) & 1)
#ifdef TWO_FREES
/*
 * A wrong program: Worker 1 makes one request, then everybody frees what it got, once each. Its own plain free of a small
 * block is left out: of that one no more is promised than docs/concurrency.md says.
 */
#define MAY_ASK     (me == 1 && ops == 0)
#define MAY_TAKE(b) (ops == (me == 1) && IN_POOL(b) && !(word1[b] == IN_USE(slot) && size[b] <= SMALL))
#define MAY_REFUSE(b) (((held >> (b)) & 1) == 0)
#define TO_FREE(b)  mine = b
#define givenUp(b)  assert((held & CELLS_OF(b)) != 0); held = held & ~CELLS_OF(b)
#else
#define MAY_ASK     (ops < OPERATIONS)
#define MAY_TAKE(b) (ops < OPERATIONS && IN_POOL(b))
#define MAY_REFUSE(b) reclaimed
#define TO_FREE(b)  mine = b; release(b)
#define givenUp(b)  skip
#endif

inline malloc() {
  turn = 0;
  do
  :: CAN_POP(k) -> pop(k); break
  :: !CAN_POP(k) && turn == 2 -> break
  :: !CAN_POP(k) && turn < 2 ->
     if
     :: turn == 1 -> trim()
     :: else
     fi;
     turn++;
     if
     :: k <= SMALL && k <= CLASSES -> refill(k)
     :: else ->
        enter();
        allocate(k, k);
        d_step {
          mine = taken;
          taken = 0;
          if
          :: mine != 0 -> word1[mine] = IN_USE(slot); hold(mine); printf("Worker %d hands out block %d\n", me, mine)
          :: else
          fi
        }
        leave();
        if :: mine != 0 -> break :: else fi
     fi
  od;
  turn = 0;
  /* The pointer arrives. Before that the block is in use and known to nobody. */
  d_step {
    if :: mine != 0 -> pool = pool | BIT(mine) :: else fi;
    mine = 0;
    k = 0
  }
}

inline trim() {
  enter();
  reap();
  releaseKept(slot, 0);
  leave()
}

/* Frees `mine`, which the program has given up. */
inline free() {
  if
  :: word1[mine] == IN_USE(slot) && CAN_KEEP(mine) && size[mine] <= SMALL ->
     put(mine);
     mine = 0
  :: word1[mine] == IN_USE(slot) && CAN_KEEP(mine) && size[mine] > SMALL ->
     keepLarger()
  :: else
  fi;
  if
  :: mine != 0 -> freeClaimed()
  :: else
  fi;
  d_step { mine = 0; c = 0 }
}

/* One that is not small: by an exchange. What was looked at may be true no more. */
inline keepLarger() {
  if
#ifdef PLAIN_KEEP
  :: d_step { givenUp(mine); MARK_CACHED(mine) };
#else
  :: d_step { word1[mine] == IN_USE(slot) -> givenUp(mine); MARK_CACHED(mine) };
#endif
     raise(size[mine]);
     linkIn(mine);
     mine = 0
#ifndef PLAIN_KEEP
  :: else
#endif
  fi
}

/* Another Worker's block, or one more than the fast path may keep. */
inline freeClaimed() {
  freeing[slot] = mine;
  do
  :: c = word1[mine];
     if
#ifdef PLAIN_CLAIM
     :: d_step { STATE(c) == 1 -> givenUp(mine); word1[mine] = BUSY(slot); c = 0; printf("Worker %d claims block %d by a plain store\n", me, mine) };
#else
     :: d_step { STATE(c) == 1 && word1[mine] == c -> givenUp(mine); word1[mine] = BUSY(slot); c = 0; printf("Worker %d claims block %d\n", me, mine) };
#endif
#ifdef CLEAR_EARLY
        freeing[slot] = 0;
#endif
        discard();
        break
#ifndef CLAIM_ONCE
     /* Its owner was forgotten meanwhile: once more. */
     :: STATE(c) == 1 && c != IN_USE(NOBODY) && word1[mine] == IN_USE(NOBODY)
#endif
     :: else ->
        /* Refused as a double free. */
        assert(MAY_REFUSE(mine));
        break
     fi
  od;
  freeing[slot] = 0
}

inline discard() {
  if
  :: size[mine] <= CLASSES ->
     if
     :: HAS_BUDGET
     :: else -> flush()
     fi;
     put(mine)
  :: else ->
#ifdef EARLY_FREE
     word1[mine] = FREE;
#endif
     enter();
     give(mine);
     leave()
  fi
}

#define ASK(cells) :: d_step { MAY_ASK -> ops++; k = cells; printf("Worker %d asks for %d cells\n", me, k) }; malloc()
#define TAKE(b) :: d_step { MAY_TAKE(b) -> ops++; TO_FREE(b); printf("Worker %d frees block %d\n", me, b) }; free()

proctype Worker(byte me) {
  LOCALS
  {
    /* A newcomer comes when somebody is gone. */
    me <= WORKERS || gone != 0;
    attach();
    if
    :: slot != 0 ->
       do
       ASK(1)
#if SIZES > 1
       ASK(2)
#endif
#if SIZES > 2
       ASK(3)
#endif
       TAKE(1)
       TAKE(2)
       TAKE(3)
#if CELLS > 3
       TAKE(4)
#endif
#if CELLS > 4
       TAKE(5)
#endif
#ifdef RECLAIM
       :: ops < OPERATIONS -> ops++; reclaim()
#endif
       :: detach(); break
       :: break
       od
    :: else
    fi;
    skip;
    d_step { gone = gone | BIT(me); printf("Worker %d ends\n", me) }
  } unless { GONE(me) }
}
