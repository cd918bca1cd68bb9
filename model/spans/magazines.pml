/*
 * src/worker/magazines.ts, and the pop and push of src/worker/fast-path.ts. Which of its spans with free blocks a Worker
 * looks at next is an index that a repair forgets: here any order will do, so it is that of their numbers. Of the words
 * of a magazine nobody else reads one.
 */

#define IS_MINE(s) (map[s] == ENTRY(me))

/* Takes a ready block as `mine`: the magazine's count, then the state. */
inline pop() {
  d_step { mine = MAGAZINE(me, count[me]); MAGAZINE(me, count[me]) = 0; count[me]-- }
  d_step {
#ifdef DOUBLE
    /* A program that frees a block by two Workers at once uses none of its place until both are back. */
    freers[mine] == 0 ->
#endif
    assert(STATE(mine) == READY);
    state[mine] = IN_USE;
    hold(mine);
    printf("Worker %d takes block %d\n", me, mine)
  }
}

inline push(b) {
  d_step { count[me]++; assert(count[me] <= ROOM); MAGAZINE(me, count[me]) = b }
}

/* Half a magazine of free blocks becomes ready. */
#define WANTED ((ROOM + 1) / 2)
inline takeFree() {
  s = 1;
  do
  :: s <= SPANS && count[me] < WANTED && IS_MINE(s) && free[s] > 0 ->
     i = 1;
     do
     :: i <= BLOCKS && count[me] < WANTED ->
        d_step {
          if
          :: STATE(BLOCK(s, i)) == FREE ->
             state[BLOCK(s, i)] = READY;
             count[me]++;
             MAGAZINE(me, count[me]) = BLOCK(s, i);
             n++;
             printf("Worker %d makes block %d ready\n", me, BLOCK(s, i))
          :: else
          fi;
          i++
        }
     :: else -> break
     od;
     skip;
     d_step { free[s] = (count[me] < WANTED -> 0 : free[s] - n); n = 0; i = 0; s++ }
  :: s <= SPANS && !(count[me] < WANTED && IS_MINE(s) && free[s] > 0) -> s++
  :: else -> break
  od;
  s = 0
}

/* The `many` oldest blocks become free. */
inline giveBack(many) {
  n = many;
  do
  :: n > 0 ->
     d_step { MAKE_FREE(MAGAZINE(me, 1)); printf("Worker %d gives block %d back\n", me, MAGAZINE(me, 1)) }
     d_step {
       free[SPAN_OF(MAGAZINE(me, 1))]++;
       i = 1;
       do :: i < ROOM -> MAGAZINE(me, i) = MAGAZINE(me, i + 1); i++ :: else -> break od;
       MAGAZINE(me, ROOM) = 0;
       count[me]--;
       i = 0;
       n--
     }
  :: else -> break
  od
}

/* Collects what the others have told of. A list that leads to another's span, or in a circle, is followed no further. */
inline collect() {
  d_step { s = pending[me]; pending[me] = 0 }
  do
  :: s != 0 ->
#ifndef NEXT_LATE
     next = pendingNext[s];
#endif
#ifdef FOLLOW_ALL
     if :: IS_MINE(s) -> collectSpan(s) :: else fi;
#else
     if
     :: IS_MINE(s) && remote[s] != 0 -> collectSpan(s)
     :: else -> collectMarked(); break
     fi;
#endif
#ifdef NEXT_LATE
     next = pendingNext[s];
#endif
     d_step { s = next; next = 0 }
  :: else -> break
  od;
  skip;
  d_step { s = 0; next = 0 }
}

/* Spans of this Worker that are marked, on a list or not. */
inline collectMarked() {
  s = 1;
  do
  :: s <= SPANS && IS_MINE(s) && remote[s] != 0 -> collectSpan(s); s++
  :: s <= SPANS && !(IS_MINE(s) && remote[s] != 0) -> s++
  :: else -> break
  od;
  s = 0
}

/* First the mark, then the states. Nobody but the owner changes what is remote, so a look and its store are one step. */
inline collectSpan(span) {
#ifndef MARK_LATE
  remote[span] = 0;
#endif
  i = 1;
  do
  :: i <= BLOCKS ->
     d_step {
       if
       :: STATE(BLOCK(span, i)) == REMOTE -> MAKE_FREE(BLOCK(span, i)); n++; printf("Worker %d collects block %d\n", me, BLOCK(span, i))
       :: else
       fi;
       i++
     }
  :: else -> break
  od;
  skip;
  d_step { free[span] = free[span] + n; n = 0; i = 0 }
#ifdef MARK_LATE
  remote[span] = 0
#endif
}

/* Under the lock. */
inline drain() {
  collect();
  collectMarked();
  giveBack(count[me]);
  dropEmpty(0)
}

/* Drops this Worker's spans of which nothing is in use or ready; `keep`: but for one that alone has free blocks. Locked. */
#define IS_EMPTY(s) (IS_MINE(s) && free[s] == BLOCKS)
inline dropEmpty(keep) {
  d_step {
    n = (keep -> 0 : SPANS + 1);
    s = 1;
    do
    :: s <= SPANS -> if :: IS_MINE(s) && free[s] > 0 -> n++ :: else fi; s++
    :: else -> break
    od;
    s = 1
  }
  do
  :: s <= SPANS && IS_EMPTY(s) && n != 1 -> dropSpan(s); d_step { n--; s++ }
  :: s <= SPANS && !(IS_EMPTY(s) && n != 1) -> s++
  :: else -> break
  od;
  skip;
  d_step { s = 0; n = 0 }
}
