// Physical quantities as types: a number in SI units tagged with the exponents of its dimensions, so that
// watts times seconds are joules and adding watts to joules does not compile.
//
// Raw doubles exist at the edges only (JSON keys, CSV columns), where the name carries the unit.
#pragma once

#include <compare>

namespace tokenworks {

/// A value in SI units with dimension mass^M length^L time^T temperature^K information^B.
/// Information is counted in bytes; floating point operations are plain numbers.
template <int M, int L, int T, int K, int B>
struct Quantity {
  double value = 0.0;

  constexpr Quantity() = default;
  explicit constexpr Quantity(double si) : value(si) {}

  constexpr Quantity operator-() const { return Quantity(-value); }
  constexpr Quantity& operator+=(Quantity other) { value += other.value; return *this; }
  constexpr Quantity& operator-=(Quantity other) { value -= other.value; return *this; }
  constexpr Quantity& operator*=(double factor) { value *= factor; return *this; }
  constexpr Quantity& operator/=(double divisor) { value /= divisor; return *this; }

  friend constexpr Quantity operator+(Quantity a, Quantity b) { return Quantity(a.value + b.value); }
  friend constexpr Quantity operator-(Quantity a, Quantity b) { return Quantity(a.value - b.value); }
  friend constexpr Quantity operator*(Quantity a, double factor) { return Quantity(a.value * factor); }
  friend constexpr Quantity operator*(double factor, Quantity a) { return Quantity(a.value * factor); }
  friend constexpr Quantity operator/(Quantity a, double divisor) { return Quantity(a.value / divisor); }
  friend constexpr double operator/(Quantity a, Quantity b) { return a.value / b.value; }
  friend constexpr bool operator==(Quantity a, Quantity b) = default;
  friend constexpr auto operator<=>(Quantity a, Quantity b) { return a.value <=> b.value; }
};

template <int M1, int L1, int T1, int K1, int B1, int M2, int L2, int T2, int K2, int B2>
constexpr auto operator*(Quantity<M1, L1, T1, K1, B1> a, Quantity<M2, L2, T2, K2, B2> b) {
  return Quantity<M1 + M2, L1 + L2, T1 + T2, K1 + K2, B1 + B2>(a.value * b.value);
}

template <int M1, int L1, int T1, int K1, int B1, int M2, int L2, int T2, int K2, int B2>
constexpr auto operator/(Quantity<M1, L1, T1, K1, B1> a, Quantity<M2, L2, T2, K2, B2> b) {
  return Quantity<M1 - M2, L1 - L2, T1 - T2, K1 - K2, B1 - B2>(a.value / b.value);
}

template <int M, int L, int T, int K, int B>
constexpr auto operator/(double a, Quantity<M, L, T, K, B> b) {
  return Quantity<-M, -L, -T, -K, -B>(a / b.value);
}

using Kilograms = Quantity<1, 0, 0, 0, 0>;
using Metres = Quantity<0, 1, 0, 0, 0>;
using Seconds = Quantity<0, 0, 1, 0, 0>;
using KelvinDelta = Quantity<0, 0, 0, 1, 0>;
using Bytes = Quantity<0, 0, 0, 0, 1>;
using PerSecond = Quantity<0, 0, -1, 0, 0>;  // also floating point operations per second
using BytesPerSecond = Quantity<0, 0, -1, 0, 1>;
using Joules = Quantity<1, 2, -2, 0, 0>;
using Watts = Quantity<1, 2, -3, 0, 0>;
using Pascals = Quantity<1, -1, -2, 0, 0>;
using KilogramsPerSecond = Quantity<1, 0, -1, 0, 0>;
using CubicMetresPerSecond = Quantity<0, 3, -1, 0, 0>;
using KilogramsPerCubicMetre = Quantity<1, -3, 0, 0, 0>;
using WattsPerKelvin = Quantity<1, 2, -3, -1, 0>;
using KelvinPerWatt = Quantity<-1, -2, 3, 1, 0>;
using JoulesPerKelvin = Quantity<1, 2, -2, -1, 0>;
using JoulesPerKilogram = Quantity<0, 2, -2, 0, 0>;
using JoulesPerKilogramKelvin = Quantity<0, 2, -2, -1, 0>;

/// A temperature on the Celsius scale: a point, not a difference. Points differ by a KelvinDelta.
struct Celsius {
  double value = 0.0;

  constexpr Celsius() = default;
  explicit constexpr Celsius(double degrees) : value(degrees) {}

  constexpr double kelvin() const { return value + 273.15; }

  friend constexpr KelvinDelta operator-(Celsius a, Celsius b) { return KelvinDelta(a.value - b.value); }
  friend constexpr Celsius operator+(Celsius a, KelvinDelta b) { return Celsius(a.value + b.value); }
  friend constexpr Celsius operator-(Celsius a, KelvinDelta b) { return Celsius(a.value - b.value); }
  friend constexpr bool operator==(Celsius a, Celsius b) = default;
  friend constexpr auto operator<=>(Celsius a, Celsius b) { return a.value <=> b.value; }
};

namespace literals {
constexpr Watts operator""_W(long double v) { return Watts(static_cast<double>(v)); }
constexpr Watts operator""_kW(long double v) { return Watts(static_cast<double>(v) * 1e3); }
constexpr Seconds operator""_s(long double v) { return Seconds(static_cast<double>(v)); }
constexpr Joules operator""_J(long double v) { return Joules(static_cast<double>(v)); }
constexpr Celsius operator""_C(long double v) { return Celsius(static_cast<double>(v)); }
constexpr KelvinDelta operator""_K(long double v) { return KelvinDelta(static_cast<double>(v)); }
constexpr Pascals operator""_Pa(long double v) { return Pascals(static_cast<double>(v)); }
constexpr Bytes operator""_GB(long double v) { return Bytes(static_cast<double>(v) * 1e9); }
constexpr Bytes operator""_GiB(long double v) { return Bytes(static_cast<double>(v) * 1073741824.0); }
}  // namespace literals

}  // namespace tokenworks
