/* The protocol of the allocator under termination: see docs/model.md. The numbers of a configuration come by -D. */
#define THREADS (WORKERS + NEWCOMERS)

#include "state.pml"
#include "chain.pml"
#include "policy.pml"
#include "recovery.pml"
#include "lock.pml"
#include "lists.pml"
#include "slots.pml"
#include "reclaim.pml"
#include "worker.pml"
#include "auditor.pml"
#include "terminator.pml"

init {
  atomic {
    run Worker(1);
    run Worker(2);
#if THREADS > 2
    run Worker(3);
#endif
  }
}
