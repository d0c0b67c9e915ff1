// Package forecast reads time series of market data: search interest, prices, units,
// visits. It finds the period, the trend, level shifts and anomalies, and forecasts
// with intervals.
//
//	points ─ NewSeries ─► Series (even steps, gaps flagged)
//	                        ├─ Periods     spectrum against red noise, then autocorrelation
//	                        ├─ TestTrend   Mann-Kendall, corrected for autocorrelation and season
//	                        ├─ Shifts      PELT on clipped values, confirmed by ranks
//	                        ├─ Anomalies   residuals of a robust decomposition
//	                        └─ Predict     many methods, chosen by rolling backtest
//
// Everything is deterministic and computed from the values alone. A statement that
// the data do not carry is not made: too few values are CodeNotEnoughData, and a test
// says at which rate it raises a false alarm.
package forecast
