// Expected<T>: a value, or an Error that names the thing and the remedy. (GCC 12 has std::expected
// only as C++23 and clang 14 not at all.) Used for what can fail in ordinary use: opening, parsing,
// connecting. Things that are part of normal life (a bad frame) are optional or a counter instead.
#pragma once

#include <string>
#include <utility>
#include <variant>

namespace omnisonde {

/// What went wrong and what the operator can do about it; both are sentences for people.
struct Error {
  std::string what;    ///< names the thing: "cannot open /data/x.wav: no such file"
  std::string remedy;  ///< what to do: "check the path"; may be empty

  /// One line: "what (remedy)".
  [[nodiscard]] std::string line() const {
    return remedy.empty() ? what : what + " (" + remedy + ")";
  }
};

template <typename T>
class [[nodiscard]] Expected {
 public:
  Expected(T value)
      : state_(std::in_place_index<0>, std::move(value)) {}  // NOLINT: implicit by design
  Expected(Error error)
      : state_(std::in_place_index<1>, std::move(error)) {}  // NOLINT: implicit by design

  [[nodiscard]] bool ok() const { return state_.index() == 0; }
  explicit operator bool() const { return ok(); }

  /// The value; only after ok().
  [[nodiscard]] T& value() & { return std::get<0>(state_); }
  [[nodiscard]] const T& value() const& { return std::get<0>(state_); }
  [[nodiscard]] T&& value() && { return std::get<0>(std::move(state_)); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

  /// The error; only after !ok().
  [[nodiscard]] const Error& error() const { return std::get<1>(state_); }

 private:
  std::variant<T, Error> state_;
};

/// Expected without a value: success, or an Error.
template <>
class [[nodiscard]] Expected<void> {
 public:
  Expected() = default;
  Expected(Error error) : error_(std::move(error)), failed_(true) {}  // NOLINT: implicit by design

  [[nodiscard]] bool ok() const { return !failed_; }
  explicit operator bool() const { return ok(); }
  [[nodiscard]] const Error& error() const { return error_; }

 private:
  Error error_;
  bool failed_ = false;
};

}  // namespace omnisonde
