/*
 * src/heap/slots.ts and the attaching, leaving and adopting in src/arena/attachment.ts. The search for a slot and the
 * exchange of its owner word are one step: who loses the race finds the slot as the winner made it, as here.
 */

/* Takes a slot, 0 = none. A newcomer that finds no vacant one cleans up first, once. */
inline attach() {
  claim();
  if
  :: slot == 0 ->
     token = NEWCOMER_TOKEN(me);
     enter();
     reap();
     vacateUnused();
     leave();
     token = 0;
     claim()
  :: else
  fi;
#ifndef NO_MOVE_IN
  /* A repair that began before this Worker had the slot takes the slot's cache for nobody's. */
  if
  :: slot != 0 ->
     enter();
#ifdef CLAIM_DEAD
     settle(slot);
     drain(slot);
#endif
     leave()
  :: else
  fi
#endif
}

#ifdef CLAIM_DEAD
#define MAY_CLAIM(s) (!LIVES(s) && THREAD(owner[s]) != RETIRED)
#else
#define MAY_CLAIM(s) (THREAD(owner[s]) == VACANT)
#endif
inline claim() {
  d_step {
    s = 1;
    do
    :: s <= SLOTS && !MAY_CLAIM(s) -> s++
    :: else -> break
    od;
    if
    :: s <= SLOTS ->
       slot = s;
       owner[s] = me + 16 * (GENERATION(owner[s]) + 1);
       token = TOKEN(s);
       printf("Worker %d claims slot %d\n", me, s)
    :: else
    fi;
    s = 0
  }
}

/* Gives the cache back; the slot stays retired while blocks in use name it. */
inline detach() {
#ifdef RETIRE_EARLY
  enter();
  drain(slot);
  retire(slot);
  leave();
#else
  enter();
  drain(slot);
  leave();
  retire(slot);
#endif
}

inline retire(done) {
  d_step {
    owner[done] = RETIRED + 16 * GENERATION(owner[done]);
    printf("Worker %d retires slot %d\n", me, done)
  }
}

#define IS_DEAD(s) (THREAD(owner[s]) != VACANT && THREAD(owner[s]) != RETIRED && !LIVES(s))
/* Takes back what dead Workers had cached or claimed; their slots retire. Under the lock. */
inline reap() {
  s = 1;
  do
  :: s <= SLOTS ->
     if
     :: d_step { IS_DEAD(s) -> seen = owner[s] };
#ifdef VACATE_FIRST
        d_step { seen = VACANT + 16 * GENERATION(seen); owner[s] = seen; printf("Worker %d vacates slot %d\n", me, s) }
#endif
        printf("Worker %d drains slot %d\n", me, s);
        settle(s);
        drain(s);
        if
        :: owner[s] == seen -> retire(s)
        :: else
        fi;
        seen = 0
     :: else
     fi;
     s++
  :: else -> break
  od;
  s = 0
}

/* What the slot's owner was freeing goes to the policy; the word that names it is cleared after that. */
inline settle(dead) {
  c = freeing[dead];
#ifdef FORGET_FIRST
  freeing[dead] = 0;
#endif
  if
  :: c != 0 && word1[c] == BUSY(dead) -> give(c)
  :: else
  fi;
  d_step { freeing[dead] = 0; c = 0 }
}

/*
 * Retired slots that no block in use names become vacant. Under the lock. One step: labels of a retired slot only
 * become fewer.
 */
inline vacateUnused() {
  d_step {
    i = 1;
    do
    :: i < top -> lost = lost | BIT(SLOT(word1[i])); i = i + size[i]
    :: else -> break
    od;
    s = 1;
    do
    :: s <= SLOTS && THREAD(owner[s]) == RETIRED && !((lost >> s) & 1) ->
       owner[s] = VACANT + 16 * GENERATION(owner[s]);
       printf("Worker %d makes slot %d vacant\n", me, s);
       s++
    :: s <= SLOTS && !(THREAD(owner[s]) == RETIRED && !((lost >> s) & 1)) -> s++
    :: else -> break
    od;
    i = 0;
    s = 0;
    lost = 0
  }
}
