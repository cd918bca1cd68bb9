/* src/spans/remote.ts. Loads and exchanges are steps of their own. */

/* Of several frees one succeeds. */
#define MAKE_REMOTE(b) assert(((held >> b) & 1) == 1); state[b] = REMOTE; RELEASE(b)
/* Frees the block `mine`, whoever allocated it. `done`: it was in use. */
inline freeRemotely() {
  do
  :: seen = state[mine];
     if
     :: (seen & 3) != IN_USE -> break
     :: else ->
        if
#ifdef PLAIN_REMOTE
        :: d_step { true -> MAKE_REMOTE(mine); done = 1; printf("Worker %d frees block %d by a plain store\n", me, mine) };
#else
        :: d_step { state[mine] == seen -> MAKE_REMOTE(mine); done = 1; printf("Worker %d makes block %d remote\n", me, mine) };
#endif
           /* The block may be collected and its span dropped by now: then it has no owner. */
           tellOwner(SPAN_OF(mine));
           break
#ifdef TRY_ONCE
        :: else -> break
#else
        /* Whoever adopts the span has marked the block meanwhile. */
        :: else
#endif
        fi
     fi
  od;
  seen = 0
}

/* The rest of exchangeAndTell: puts the span on its owner's list. */
inline tellOwner(span) {
  if
  :: remote[span] != 0
  :: else ->
     if
     :: d_step { remote[span] == 0 -> remote[span] = 1; printf("Worker %d marks span %d\n", me, span) };
        own = OWNER(span);
        do
        :: own == 0 -> break
        :: own != 0 ->
           first = pending[own];
           pendingNext[span] = first;
           if
           :: d_step { pending[own] == first -> pending[own] = span; printf("Worker %d tells Worker %d of span %d\n", me, own, span) };
              break
           :: else
           fi
        od;
        skip;
        d_step { first = 0; own = 0 }
     :: else
     fi
  fi
}
