#include "gateway/source.hpp"
