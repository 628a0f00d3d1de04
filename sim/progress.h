#pragma once
// The simulator's name for the bar that all long work has.

#include "base/progress.h"
