/*
 * src/heap/lock.ts, Heap.enter and leave. Waiting is a guard here: who waits looks again and again, so what counts is
 * when it may go on. That the owner is gone is a fact that stays, so load and question are one step; the exchange,
 * which may come too late, is another.
 */

inline enter() {
  do
  :: d_step { lock == 0 -> lock = token; printf("Worker %d takes the lock\n", me) };
     break
  :: d_step { lock != 0 && !TOKEN_LIVES(lock) -> seen = lock };
     if
     :: d_step { lock == seen -> lock = token; seen = 0; printf("Worker %d takes the lock over from a dead owner\n", me) };
#ifndef NO_REBUILD
        recover();
#endif
        break
     :: else -> seen = 0
     fi
  od
}

/* Not right behind a loop: no `break` may lead into a d_step, so a `skip` stands there. */
inline leave() {
  d_step { assert(lock == token); lock = 0; printf("Worker %d leaves the lock\n", me) }
}
