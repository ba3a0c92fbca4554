#include "decoders/geo/gps_fix.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

namespace omnisonde::geo {
namespace {

constexpr std::size_t kUnknowns = 4;
constexpr int kMostIterations = 15;
constexpr double kConverged_m = 1e-4;
constexpr double kFirstTravel_s = 0.072;  // satellites are 20000 to 26000 km away

using Vector = std::array<double, kUnknowns>;
using Matrix = std::array<Vector, kUnknowns>;

/// Gauss-Jordan with pivoting. @returns nothing for a singular matrix.
std::optional<Matrix> inverse(Matrix a) {
  Matrix b{};
  for (std::size_t i = 0; i < kUnknowns; ++i) b[i][i] = 1;
  for (std::size_t col = 0; col < kUnknowns; ++col) {
    std::size_t pivot = col;
    for (std::size_t row = col + 1; row < kUnknowns; ++row) {
      if (std::fabs(a[row][col]) > std::fabs(a[pivot][col])) pivot = row;
    }
    if (!(std::fabs(a[pivot][col]) > 1e-12)) return {};
    std::swap(a[col], a[pivot]);
    std::swap(b[col], b[pivot]);
    const double scale = 1 / a[col][col];
    for (std::size_t k = 0; k < kUnknowns; ++k) {
      a[col][k] *= scale;
      b[col][k] *= scale;
    }
    for (std::size_t row = 0; row < kUnknowns; ++row) {
      const double factor = a[row][col];
      if (row == col || factor == 0) continue;
      for (std::size_t k = 0; k < kUnknowns; ++k) {
        a[row][k] -= factor * a[col][k];
        b[row][k] -= factor * b[col][k];
      }
    }
  }
  return b;
}

/// Turns earth-fixed axes on by the earth's rotation during `seconds`.
Ecef turned(const Ecef& v, double seconds) {
  const double angle = kEarthRotation_radps * seconds;
  const double c = std::cos(angle), s = std::sin(angle);
  return {v[0] * c + v[1] * s, -v[0] * s + v[1] * c, v[2]};
}

double dot(const Ecef& a, const Ecef& b) { return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]; }

/// One satellite seen from the place assumed.
struct Sight {
  Ecef unit{};  ///< towards the satellite
  double range_m = 0;
  double travel_s = kFirstTravel_s;
};

class Solver {
 public:
  explicit Solver(std::vector<Pseudorange> used) : used_(std::move(used)), sights_(used_.size()) {}

  /// Gauss-Newton from the earth's centre; for satellites above, it always comes out at the root
  /// near the ground.
  std::optional<GpsFix> solve() {
    Vector x{};
    std::optional<Matrix> spread;
    bool converged = false;
    for (int i = 0; i < kMostIterations && !converged; ++i) {
      look_from({x[0], x[1], x[2]});
      spread = inverse(normal());
      if (!spread) return {};
      const Vector step = apply(*spread, [&](std::size_t n) {
        return sights_[n].range_m + x[3] - used_[n].range_m - used_[n].satellite.clock_m;
      });
      for (std::size_t k = 0; k < kUnknowns; ++k) x[k] += step[k];
      converged = std::hypot(step[0], step[1], step[2]) < kConverged_m;
      if (!std::isfinite(x[0] + x[1] + x[2] + x[3])) return {};
    }
    if (!converged) return {};
    return describe(x, *spread);
  }

 private:
  void look_from(const Ecef& place_m) {
    for (std::size_t n = 0; n < used_.size(); ++n) {
      Sight& sight = sights_[n];
      const Ecef to = turned(used_[n].satellite.position_m, sight.travel_s);
      const Ecef d = {to[0] - place_m[0], to[1] - place_m[1], to[2] - place_m[2]};
      sight.range_m = std::sqrt(dot(d, d));
      sight.unit = {d[0] / sight.range_m, d[1] / sight.range_m, d[2] / sight.range_m};
      sight.travel_s = std::clamp(sight.range_m / kLight_mps, 0.05, 0.12);
    }
  }

  /// Row of the design matrix: how a range error shows in (x, y, z, clock), sign turned for x, y,
  /// z.
  [[nodiscard]] Vector row(std::size_t n) const {
    const Ecef& e = sights_[n].unit;
    return {e[0], e[1], e[2], -1};
  }

  [[nodiscard]] Matrix normal() const {
    Matrix sum{};
    for (std::size_t n = 0; n < used_.size(); ++n) {
      const Vector a = row(n);
      for (std::size_t i = 0; i < kUnknowns; ++i) {
        for (std::size_t k = 0; k < kUnknowns; ++k) sum[i][k] += a[i] * a[k];
      }
    }
    return sum;
  }

  /// Least-squares answer to `excess(n)` = row(n) * unknowns.
  template <typename Excess>
  [[nodiscard]] Vector apply(const Matrix& spread, const Excess& excess) const {
    Vector right{};
    for (std::size_t n = 0; n < used_.size(); ++n) {
      const Vector a = row(n);
      for (std::size_t k = 0; k < kUnknowns; ++k) right[k] += a[k] * excess(n);
    }
    Vector answer{};
    for (std::size_t i = 0; i < kUnknowns; ++i) {
      for (std::size_t k = 0; k < kUnknowns; ++k) answer[i] += spread[i][k] * right[k];
    }
    return answer;
  }

  GpsFix describe(const Vector& x, const Matrix& spread) {
    GpsFix fix;
    fix.position_m = {x[0], x[1], x[2]};
    look_from(fix.position_m);
    const Vector v = apply(spread, [&](std::size_t n) {
      const Pseudorange& p = used_[n];
      const Ecef motion = turned(p.satellite.velocity_mps, sights_[n].travel_s);
      return dot(motion, sights_[n].unit) - p.rate_mps;
    });
    fix.velocity_mps = {v[0], v[1], v[2]};
    fix.satellites = static_cast<int>(used_.size());
    double trace = 0;
    for (std::size_t k = 0; k < kUnknowns; ++k) trace += spread[k][k];
    fix.gdop = std::sqrt(trace);
    double squares = 0;
    for (std::size_t n = 0; n < used_.size(); ++n) {
      const double rest = sights_[n].range_m + x[3] - used_[n].range_m - used_[n].satellite.clock_m;
      squares += rest * rest;
    }
    const auto freedom = static_cast<double>(used_.size()) - static_cast<double>(kUnknowns);
    fix.residual_m = freedom > 0 ? std::sqrt(squares / freedom) : 0;
    return fix;
  }

  std::vector<Pseudorange> used_;
  std::vector<Sight> sights_;
};

std::optional<GpsFix> solve_all(std::span<const Pseudorange> measured) {
  return Solver({measured.begin(), measured.end()}).solve();
}

std::vector<Pseudorange> without(std::span<const Pseudorange> measured, std::size_t index) {
  std::vector<Pseudorange> rest(measured.begin(), measured.end());
  rest.erase(rest.begin() + static_cast<std::ptrdiff_t>(index));
  return rest;
}

}  // namespace

std::optional<GpsFix> solve_fix(std::span<const Pseudorange> measured, const FixLimits& limits) {
  if (measured.size() < kUnknowns) return {};
  std::vector<Pseudorange> used(measured.begin(), measured.end());
  std::optional<GpsFix> fix = solve_all(used);
  // With five satellites an error shows, but not whose it is; from six on the culprit is the one
  // whose absence leaves the rest in best agreement.
  while (used.size() > kUnknowns + 1 && (!fix || fix->residual_m > limits.suspicious_m)) {
    std::optional<std::size_t> culprit;
    std::optional<GpsFix> best;
    for (std::size_t n = 0; n < used.size(); ++n) {
      const auto candidate = solve_all(without(used, n));
      if (!candidate || candidate->gdop > limits.max_gdop) continue;
      if (best && candidate->residual_m >= best->residual_m) continue;
      best = candidate;
      culprit = n;
    }
    if (!culprit) break;
    used = without(used, *culprit);
    fix = best;
  }
  if (!fix || fix->gdop > limits.max_gdop || fix->residual_m > limits.hopeless_m) return {};
  fix->dropped = static_cast<int>(measured.size() - used.size());
  return fix;
}

}  // namespace omnisonde::geo
