/*
 * recoverSpans in src/heap/orphans.ts: relies on the page map, the states and the last owners alone. What the living own
 * stays as it is.
 */
inline recover() {
  lost = gone;
  d_step {
    s = 1;
    do
    :: s <= AUDITOR ->
       if
       :: (lost >> s) & 1 ->
          pending[s] = 0;
          count[s] = 0;
          i = 1;
          do :: i <= ROOM -> MAGAZINE(s, i) = 0; i++ :: else -> break od;
          i = 0
       :: else
       fi;
       s++
    :: else -> break
    od;
    s = 1
  }
  do
  :: s <= SPANS ->
     if
     :: !IS_SPAN(s) -> clearStates(s); isFreeUnit[s] = 1
     :: IS_SPAN(s) && OWNER(s) != 0 && !((lost >> OWNER(s)) & 1) ->
#ifndef UNSEEN
        tellOfRemote(s)
#endif
     :: IS_SPAN(s) && (OWNER(s) == 0 || ((lost >> OWNER(s)) & 1)) ->
        if :: OWNER(s) != 0 -> lastOwner[s] = OWNER(s) :: else fi;
        settle(s);
        if
        :: used == 0 -> dropSpan(s)
        :: else -> map[s] = ENTRY(0)
        fi;
        d_step { used = 0; numbers = 0 }
     fi;
     s++
  :: else -> break
  od;
  skip;
  d_step { s = 0; lost = 0 }
}

/* Who died between state and mark has told nobody. */
inline tellOfRemote(span) {
  if
  :: remote[span] == 0 ->
     i = 1;
     do
     :: i <= BLOCKS && STATE(BLOCK(span, i)) == REMOTE -> tellOwner(span); break
     :: i <= BLOCKS && STATE(BLOCK(span, i)) != REMOTE -> i++
     :: else -> break
     od;
     i = 0
  :: else
  fi
}

/* adoptDead in src/death/adoption.ts. Under the lock. */
#define DYING (gone & ~retired)
inline adoptDead() {
  if
  :: DYING != 0 ->
     dying = DYING;
     recover();
     d_step { retired = retired | dying; dying = 0 }
  :: else
  fi
}
