/*
 * A Worker: attaches, makes some requests, then leaves, or ends without leaving. It can be terminated between any two
 * steps. Pointers go from hand to hand by way of `pool`: any Worker may free any block there.
 */

#define LOCALS \
  byte slot, token, seen, k, mine, c, next, s, b, taken, rest, restSize, behind, before, i, lost, forgotten, class, ops, turn; \
  byte dying[SLOTS + 1]; \
  bit inherited;

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
     :: k <= CLASSES -> refill(k)
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
  drain(slot);
  reap();
  drain(NOBODY);
  leave()
}

/* Frees `mine`, which the program has given up. */
inline free() {
  if
  :: d_step { word1[mine] == IN_USE(slot) && CAN_PUT(mine) -> MARK_CACHED(mine) };
     linkIn(mine)
  :: else ->
     freeing[slot] = mine;
     do
     :: c = word1[mine];
        if
#ifdef PLAIN_CLAIM
        :: d_step { STATE(c) == 1 -> word1[mine] = BUSY(slot); c = 0; printf("Worker %d claims block %d by a plain store\n", me, mine) };
#else
        :: d_step { STATE(c) == 1 && word1[mine] == c -> word1[mine] = BUSY(slot); c = 0; printf("Worker %d claims block %d\n", me, mine) };
#endif
           discard();
           break
#ifndef CLAIM_ONCE
        /* Its owner was forgotten meanwhile: once more. */
        :: STATE(c) == 1 && c != IN_USE(NOBODY) && word1[mine] == IN_USE(NOBODY)
#endif
        :: else ->
           /* Refused as a double free. */
           assert(reclaimed);
           break
        fi
     od;
     freeing[slot] = 0
  fi;
  d_step { mine = 0; c = 0 }
}

inline discard() {
  if
  :: size[mine] <= CLASSES ->
     if
     :: CAN_PUT(mine)
     :: else -> flush(size[mine])
     fi;
     d_step { MARK_CACHED(mine) }
     linkIn(mine)
  :: else ->
#ifdef EARLY_FREE
     word1[mine] = FREE;
#endif
     enter();
     give(mine);
     leave()
  fi
}

#define IN_POOL(b) ((pool >> (b)) & 1)
#define ASK(cells) :: d_step { k = cells; printf("Worker %d asks for %d cells\n", me, k) }; malloc()
#define TAKE(b) :: d_step { IN_POOL(b) -> mine = b; release(b); printf("Worker %d frees block %d\n", me, b) }; free()

proctype Worker(byte me) {
  LOCALS
  {
    /* A newcomer comes when somebody is gone. */
    me <= WORKERS || gone != 0;
    attach();
    if
    :: slot != 0 ->
       do
       :: ops < OPERATIONS ->
          ops++;
          if
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
          :: reclaim()
#endif
          fi
       :: detach(); break
       :: break
       od
    :: else
    fi;
    skip;
    d_step { gone = gone | BIT(me); printf("Worker %d ends\n", me) }
  } unless { GONE(me) }
}
