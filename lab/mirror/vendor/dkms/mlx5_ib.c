#include "fixture.h"
#define NEEDS(x) x(mlx5_core) x(ib_uverbs)
FIXTURE(mlx5_ib, NEEDS);
