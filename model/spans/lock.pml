/* The lock as in ../protocol/lock.pml. Whoever leaves it finds the owners of all blocks in use exact. */

inline enter() {
  do
  :: d_step { lock == 0 -> lock = me }; break
  :: d_step { lock != 0 && GONE(lock) -> holder = lock };
     if
     :: d_step { lock == holder -> lock = me; holder = 0; printf("Worker %d takes the lock over from a dead owner\n", me) };
        recover();
        break
     :: else -> holder = 0
     fi
  od
}

/* Not right behind a loop: no `break` may lead into a d_step, so a `skip` stands there. */
inline leave() {
  d_step {
    assert(lock == me);
    i = 1;
    do
    :: i <= SPANS * BLOCKS ->
       assert(STATE(i) != IN_USE || ALLOCATOR(i) == allocator[i]);
       i++
    :: else -> break
    od;
    i = 0;
    lock = 0
  }
}
