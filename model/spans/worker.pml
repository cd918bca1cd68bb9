/*
 * A Worker: makes some requests, then rests, or leaves. It can be terminated between any two steps. Pointers go from
 * hand to hand by way of `pool`.
 */

#define LOCALS \
  byte mine, seen, t, own, first, next, s, i, n, f, used, numbers, lost, dying, holder, turn, ops; \
  bit done;

inline malloc() {
  turn = 0;
  do
  :: count[me] > 0 -> pop(); break
  :: count[me] == 0 && turn == 2 -> break
  :: count[me] == 0 && turn < 2 ->
     if
     :: turn == 1 -> trim()
     :: else
     fi;
     turn++;
     takeFree();
     if
     :: count[me] == 0 -> collect(); takeFree()
     :: else
     fi;
     if
     :: count[me] == 0 -> growSpans(); takeFree()
     :: else
     fi
  od;
  /* The pointer arrives. */
  skip;
  d_step {
    if :: mine != 0 -> pool = pool | BIT(mine) :: else fi;
    mine = 0;
    turn = 0
  }
}

inline growSpans() {
  enter();
  adoptSpan();
  if
  :: s > SPANS -> cutSpan()
  :: else
  fi;
#ifndef UNTOLD
  /* Who marked it before it was this Worker's had nobody to tell. */
  if
  :: s <= SPANS && remote[s] != 0 -> collectSpan(s)
  :: else
  fi;
#endif
  s = 0;
  leave()
}

inline trim() {
  enter();
  adoptDead();
  drain();
  sweepOrphans();
  leave()
}

#define MAKE_READY(b) state[b] = READY; RELEASE(b); done = 1; printf("Worker %d frees block %d\n", me, b)

/* Frees `mine`, which the program has given up. */
inline free_() {
  if
  /* Its own, as it was handed out: the state by a plain store, then the magazine. */
  :: state[mine] == IN_USE && map[SPAN_OF(mine)] == ENTRY(me) && count[me] < ROOM ->
     d_step { MAKE_READY(mine) }
     push(mine)
  /* The magazine is full: an exchange. */
  :: state[mine] == IN_USE && map[SPAN_OF(mine)] == ENTRY(me) && count[me] == ROOM ->
     flush();
     if
     :: d_step { state[mine] == IN_USE -> MAKE_READY(mine) }; push(mine)
     :: else
     fi
  :: !(state[mine] == IN_USE && map[SPAN_OF(mine)] == ENTRY(me)) -> freeRemotely()
  fi;
  d_step {
#ifdef DOUBLE
    freers[mine]--;
    pool = pool & ~BIT(mine);
    assert(freers[mine] != 0 || STATE(mine) != IN_USE);
#else
    assert(done || reclaimed);
#endif
    mine = 0;
    done = 0
  }
}

inline flush() {
  giveBack(WANTED);
  enter();
  dropEmpty(1);
  leave()
}

inline reclaim() {
  enter();
  adoptDead();
  reclaimSpans();
  leave()
}

/* The slot retires after the lock. */
inline detach() {
  enter();
  drain();
  disownSpans();
  leave();
  d_step { gone = gone | BIT(me); retired = retired | BIT(me); printf("Worker %d leaves\n", me) }
}

#ifdef DOUBLE
/* The second may begin as long as the first is not back. */
#define BEGIN_FREE(b) freers[b]++; if :: freers[b] == 2 -> pool = pool & ~BIT(b) :: else fi
#else
#define BEGIN_FREE(b) pool = pool & ~BIT(b)
#endif
#define TAKE(b) :: d_step { IN_POOL(b) -> mine = b; BEGIN_FREE(b); printf("Worker %d is to free block %d\n", me, b) }; free_()

proctype Worker(byte me) {
  LOCALS
  {
    do
    :: ops < OPERATIONS ->
       ops++;
       if
       :: malloc()
       TAKE(1)
       TAKE(2)
#if SPANS * BLOCKS > 2
       TAKE(3)
#endif
#if SPANS * BLOCKS > 3
       TAKE(4)
#endif
#ifdef TRIM
       :: trim()
#endif
#ifdef RECLAIM
       :: reclaim()
#endif
       fi
#ifdef LEAVE
    :: detach(); break
#endif
    :: break
    od;
    skip;
    d_step { ops = 0; resting = resting | BIT(me) }
  } unless { GONE(me) }
}
