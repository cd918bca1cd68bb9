/*
 * src/heap/orphans.ts: spans that nobody owns. Under the lock. Their lists are indexes that a repair makes anew: here an
 * orphan is found by the page map.
 */

/*
 * What is not in use in a span without a Worker is free. Nobody else changes what is not in use, so a look and its store
 * are one step. `used`: blocks in use; `numbers`: former owners' numbers that they carry.
 */
#if defined(FORGET_READY)
#define IS_LEFT(b) (STATE(b) == REMOTE)
#elif defined(FORGET_REMOTE)
#define IS_LEFT(b) (STATE(b) == READY)
#else
#define IS_LEFT(b) (STATE(b) == READY || STATE(b) == REMOTE)
#endif
inline settle(span) {
  remote[span] = 0;
  d_step { used = 0; numbers = 0; i = 1 }
  do
  :: i <= BLOCKS ->
     d_step {
       if
       :: STATE(BLOCK(span, i)) == IN_USE -> used++; numbers = numbers | BIT(FORMER(BLOCK(span, i)))
       :: STATE(BLOCK(span, i)) != IN_USE && IS_LEFT(BLOCK(span, i)) -> MAKE_FREE(BLOCK(span, i))
       :: else
       fi;
       i++
     }
  :: else -> break
  od;
  skip;
  d_step { free[span] = BLOCKS - used; i = 0 }
}

/* Takes an orphan that has free blocks: its last owner becomes a former one, by number. */
inline adoptSpan() {
  s = 1;
  do
  :: s <= SPANS && map[s] == ENTRY(0) ->
     settle(s);
     d_step {
       f = 1;
       do :: f <= FORMERS && ((numbers >> f) & 1) -> f++ :: else -> break od;
       if :: used == BLOCKS || f > FORMERS -> f = 0 :: else fi;
       used = 0;
       numbers = 0
     }
     if
     :: f != 0 ->
        FORMER_OWNER(s, f) = lastOwner[s];
        markFormer(s);
        d_step { f = 0; lastOwner[s] = 0 }
        d_step { map[s] = ENTRY(me); printf("Worker %d adopts span %d\n", me, s) }
        break
     :: else -> s++
     fi
  :: s <= SPANS && map[s] != ENTRY(0) -> s++
  :: else -> break
  od
}

/* Blocks in use of the last owner get the number `f`. They may be freed at any time. */
inline markFormer(span) {
  i = 1;
  do
  :: i <= BLOCKS ->
     t = state[BLOCK(span, i)];
     if
     :: (t & 3) == IN_USE && (t >> 2) == 0 ->
        if
#ifdef PLAIN_FORMER
        :: d_step { true -> state[BLOCK(span, i)] = t | BY_FORMER(f); printf("Worker %d marks block %d by a plain store\n", me, BLOCK(span, i)) }
#else
        :: d_step { state[BLOCK(span, i)] == t -> state[BLOCK(span, i)] = t | BY_FORMER(f); printf("Worker %d marks block %d\n", me, BLOCK(span, i)) }
        :: else
#endif
        fi
     :: else
     fi;
     d_step { t = 0; i++ }
  :: else -> break
  od;
  i = 0
}

/* Drops orphans of which others have freed all blocks. */
inline sweepOrphans() {
  s = 1;
  do
  :: s <= SPANS && map[s] == ENTRY(0) ->
     if
     :: remote[s] != 0 -> settle(s); d_step { used = 0; numbers = 0 }
     :: else
     fi;
     if
     :: free[s] == BLOCKS -> dropSpan(s)
     :: else
     fi;
     s++
  :: s <= SPANS && map[s] != ENTRY(0) -> s++
  :: else -> break
  od;
  s = 0
}

/* This Worker leaves: its spans are nobody's. */
inline disownSpans() {
  s = 1;
  do
  :: s <= SPANS && IS_MINE(s) ->
     lastOwner[s] = me;
     settle(s);
     if
     :: used == 0 -> dropSpan(s)
     :: else -> d_step { map[s] = ENTRY(0); printf("Worker %d leaves span %d\n", me, s) }
     fi;
     d_step { used = 0; numbers = 0; s++ }
  :: s <= SPANS && !IS_MINE(s) -> s++
  :: else -> break
  od;
  s = 0
}

/* `reclaim(owner)`, for all owners that are gone: their blocks in use become remote. Others may free them meanwhile. */
#define OF_GONE(b) (((retired >> ALLOCATOR(b)) & 1))
inline reclaimSpans() {
  s = 1;
  do
  :: s <= SPANS && IS_SPAN(s) ->
     i = 1;
     do
     :: i <= BLOCKS ->
        t = state[BLOCK(s, i)];
        if
        :: (t & 3) == IN_USE && OF_GONE(BLOCK(s, i)) ->
           if
#ifdef PLAIN_RECLAIM
           :: d_step { true ->
#else
           :: d_step { state[BLOCK(s, i)] == t ->
#endif
                assert((retired >> allocator[BLOCK(s, i)]) & 1);
                state[BLOCK(s, i)] = REMOTE;
                RELEASE(BLOCK(s, i));
                reclaimed = 1;
                printf("Worker %d reclaims block %d\n", me, BLOCK(s, i))
              };
              tellOwner(s)
#ifndef PLAIN_RECLAIM
           :: else
#endif
           fi
        :: else
        fi;
        d_step { t = 0; i++ }
     :: else -> break
     od;
     i = 0;
     s++
  :: s <= SPANS && !IS_SPAN(s) -> s++
  :: else -> break
  od;
  s = 0;
  sweepOrphans()
}
