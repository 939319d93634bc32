/* A library that sets a variable before main, as preloaded libraries do. It moves the environment
   away from where the kernel put it, which is where Swift looks for the arguments. */

#include <stdlib.h>

__attribute__((constructor)) static void set_variable(void) { setenv("PRELOADED", "yes", 1); }
