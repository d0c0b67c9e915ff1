package eval

// tasks lists every task, one line each, in alphabetical order.
func tasks() []task {
	return []task{
		{"anomalies", "find anomalies in time series, against hand-labeled windows", anomaliesTask},
		{"bots", "tell bots from people by their user agent", botsTask},
		{"extract", "find the main text of web pages", extractTask},
		{"forecast", "forecast time series, against the seasonal-naive baseline", forecastTask},
		{"prices", "read price strings", pricesTask},
		{"robots", "decide by robots.txt", robotsTask},
		{"structured-data", "read JSON-LD and microdata of web pages", structuredTask},
		{"trends", "find planted trends, stay silent on shuffled series", trendsTask},
	}
}
