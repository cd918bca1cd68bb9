/*
 * The protocol of spans under termination: see docs/model.md, "Spans". The lock, the slots and the header blocks have a
 * model of their own (../protocol); here a slot is a Worker, and a segment is there from the start.
 */
#define THREADS WORKERS

#include "state.pml"
#include "remote.pml"
#include "magazines.pml"
#include "segments.pml"
#include "orphans.pml"
#include "recovery.pml"
#include "lock.pml"
#include "worker.pml"
#include "auditor.pml"
#include "../protocol/terminator.pml"

init {
  byte s, i;
  atomic {
    begin();
    run Worker(1);
    run Worker(2);
#if THREADS > 2
    run Worker(3);
#endif
  }
}
