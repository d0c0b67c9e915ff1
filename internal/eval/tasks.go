package eval

// tasks lists every task, one line each, in alphabetical order.
func tasks() []task {
	return []task{
		{"anomalies", "find anomalies in time series, against hand-labeled windows", anomaliesTask},
		{"aspects", "what reviews judge and how, and which sentences compare: precision, recall, accuracy", aspectsTask},
		{"bots", "tell bots from people by their user agent", botsTask},
		{"extract", "find the main text of web pages", extractTask},
		{"forecast", "forecast time series, against the seasonal-naive baseline", forecastTask},
		{"graph", "measures of graphs against NetworkX", evalGraph},
		{"langid", "the language of sentences and words: accuracy", langidTask},
		{"learn", "small models and metrics against scikit-learn", evalLearn},
		{"match", "products of two merchants paired: precision, recall and F1 on known pairs", matchTask},
		{"near-duplicates", "texts that say much the same: recall against all pairs, planted copies", duplicatesTask},
		{"ner", "names of products, brands and organizations: exact-span F1", nerTask},
		{"opportunity", "rank the categories of feeds as niches: stability of the order under resampling", opportunityTask},
		{"prices", "read price strings", pricesTask},
		{"readability", "readability formulas: rank correlation with how hard people find texts", readabilityTask},
		{"robots", "decide by robots.txt", robotsTask},
		{"sentiment", "polarity of sentences and of pros and cons: accuracy, macro-F1", sentimentTask},
		{"structured-data", "read JSON-LD and microdata of web pages", structuredTask},
		{"sts", "similarity of sentences without a model: correlation with people", stsTask},
		{"trends", "find planted trends, stay silent on shuffled series", trendsTask},
	}
}
