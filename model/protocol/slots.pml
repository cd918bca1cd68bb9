/*
 * src/heap/slots.ts, sweepSlots, and the attaching, leaving and adopting in src/death/adoption.ts. The search for a
 * slot and the exchange of its owner word are one step: who loses the race finds the slot as the winner made it, as
 * here.
 */

/* Takes a slot, 0 = none, and waits for the lock once. */
inline attach() {
  claim();
#ifndef NO_MOVE_IN
  if
  :: slot != 0 -> moveIn()
  :: else
  fi
#endif
}

/* A vacant slot if there is one; else one whose owner left or died, with all that is in place there. */
inline claim() {
  d_step {
    s = 1;
    do
    :: s <= SLOTS && THREAD(owner[s]) != VACANT -> s++
    :: else -> break
    od;
    if
    :: s > SLOTS ->
       s = 1;
       do
       :: s <= SLOTS && LIVES(s) -> s++
       :: else -> break
       od;
       inherited = (s <= SLOTS)
    :: else
    fi;
    if
    :: s <= SLOTS ->
       slot = s;
       owner[s] = me + 16 * (GENERATION(owner[s]) + 1);
       token = TOKEN(s);
       if
       :: inherited -> printf("Worker %d inherits slot %d\n", me, s)
       :: else -> printf("Worker %d claims slot %d\n", me, s)
       fi
    :: else
    fi;
    s = 0
  }
}

#if SLOTS == 2
#define HAS_VACANT (THREAD(owner[1]) == VACANT || THREAD(owner[2]) == VACANT)
#else
#define HAS_VACANT (THREAD(owner[1]) == VACANT || THREAD(owner[2]) == VACANT || THREAD(owner[3]) == VACANT)
#endif

/*
 * Waits for the lock once: a repair takes the slot's cache for nobody's until this Worker's term has begun. So a repair
 * brings back what is left of an earlier owner's cache.
 */
inline moveIn() {
  enter();
  noteDead();
  if
  :: seen || inherited -> bringBack()
  :: else
  fi;
  if
  :: inherited || !HAS_VACANT -> sweepSlots()
  :: else
  fi;
  d_step { inherited = 0; begun[slot] = GENERATION(owner[slot]) }
  leave()
}

/* Gives the cache back; the slot stays retired while blocks in use name it. */
inline detach() {
#ifdef RETIRE_EARLY
  enter();
  releaseKept(slot, 0);
  d_step { retire(slot) }
  leave();
#else
  enter();
  releaseKept(slot, 0);
  leave();
  d_step { retire(slot) }
#endif
}

inline retire(done) {
  owner[done] = RETIRED + 16 * GENERATION(owner[done]);
  printf("Worker %d retires slot %d\n", me, done)
}

#define IS_DEAD(s) (THREAD(owner[s]) != VACANT && THREAD(owner[s]) != RETIRED && !LIVES(s))
/* Takes back what dead Workers had cached or claimed; their slots retire. Under the lock. */
inline reap() {
  noteDead();
  if
  :: seen -> bringBack()
  :: else
  fi
}

/* Which slots are dead, with their owners at this moment; `seen` tells whether there is one. */
inline noteDead() {
  d_step {
    s = 1;
    do
    :: s <= SLOTS -> if :: IS_DEAD(s) -> dying[s] = owner[s]; seen = 1 :: else fi; s++
    :: else -> break
    od;
    s = 0
  }
}

inline bringBack() {
#ifdef DRAIN_LISTS
  drainLists();
#else
  recover();
#endif
  s = 1;
  do
  :: s <= SLOTS ->
     d_step {
       if
       :: dying[s] != 0 && owner[s] == dying[s] -> retire(s)
       :: else
       fi;
       dying[s] = 0;
       s++
     }
  :: else -> break
  od;
  skip;
  d_step { s = 0; seen = 0 }
}

#ifdef DRAIN_LISTS
/* The mistake: the lists of the dead, and of the inherited slot, are trusted. */
inline drainLists() {
  s = 1;
  do
  :: s <= SLOTS && (dying[s] != 0 || s == slot) ->
     releaseKept(s, 0);
     c = freeing[s];
     if
     :: c != 0 && word1[c] == BUSY(s) -> give(c)
     :: else
     fi;
     d_step { freeing[s] = 0; c = 0; s++ }
  :: s <= SLOTS && dying[s] == 0 && s != slot -> s++
  :: else -> break
  od;
  skip
}
#endif

#define IS_FORGOTTEN(w) (STATE(w) == 1 && ((forgotten >> SLOT(w)) & 1))
/*
 * Retired slots that no block in use names become vacant. Who inherited a slot makes the blocks of its earlier owner
 * nobody's, and if all retired slots have blocks, theirs too. Under the lock. The look is one step: labels of a slot
 * whose owner is gone only become fewer. What is exchanged is what was tested, so that is one step too.
 */
inline sweepSlots() {
  d_step {
    i = 1;
    do
    :: i < top -> if :: STATE(word1[i]) == 1 -> lost = lost | BIT(SLOT(word1[i])) :: else fi; i = i + size[i]
    :: else -> break
    od;
    s = 1;
    do
    :: s <= SLOTS -> if :: THREAD(owner[s]) == RETIRED -> forgotten = forgotten | BIT(s) :: else fi; s++
    :: else -> break
    od;
    if :: (forgotten & ~lost) != 0 -> forgotten = 0 :: else fi;
    if :: inherited -> forgotten = forgotten | BIT(slot) :: else -> forgotten = 0 fi;
    i = 0;
    s = 0;
    b = 1
  }
  do
  :: b < top && IS_FORGOTTEN(word1[b]) ->
     if
     :: d_step { IS_FORGOTTEN(word1[b]) -> word1[b] = IN_USE(NOBODY); printf("Worker %d makes block %d nobody's\n", me, b) }
     :: else
     fi;
     b = b + size[b]
  :: b < top && !IS_FORGOTTEN(word1[b]) -> b = b + size[b]
  :: else -> break
  od;
  b = 0;
  s = 1;
  do
  :: s <= SLOTS ->
     d_step {
       if
       :: THREAD(owner[s]) == RETIRED && (!((lost >> s) & 1) || ((forgotten >> s) & 1)) ->
          owner[s] = VACANT + 16 * GENERATION(owner[s]);
          printf("Worker %d makes slot %d vacant\n", me, s)
       :: else
       fi;
       s++
     }
  :: else -> break
  od;
  skip;
  d_step { s = 0; lost = 0; forgotten = 0 }
}
