/* src/heap/segments.ts: units, cut into spans and given back. Under the lock. */

/* A span of a free unit, this Worker's: the record, then the map's word. */
inline cutSpan() {
  s = 1;
  do
  :: s <= SPANS && !isFreeUnit[s] -> s++
  :: else -> break
  od;
  if
  :: s <= SPANS ->
     isFreeUnit[s] = 0;
     d_step {
       free[s] = BLOCKS;
       remote[s] = 0;
       pendingNext[s] = 0;
       lastOwner[s] = 0;
       i = 1;
       do :: i <= FORMERS -> FORMER_OWNER(s, i) = 0; i++ :: else -> break od;
       i = 0
     }
     d_step { map[s] = ENTRY(me); printf("Worker %d cuts span %d\n", me, s) }
  :: else
  fi
}

inline dropSpan(span) {
  d_step { map[span] = 0; printf("Worker %d drops span %d\n", me, span) }
  clearStates(span);
  isFreeUnit[span] = 1
}

inline clearStates(span) {
  d_step {
    i = 1;
    do :: i <= BLOCKS -> MAKE_FREE(BLOCK(span, i)); i++ :: else -> break od;
    i = 0
  }
}
