package eval

// tasks lists every task, one line each, in alphabetical order.
func tasks() []task {
	return []task{
		{"graph", "measures of graphs against NetworkX", evalGraph"aspects", "what reviews judge and how, and which sentences compare: precision, recall, accuracy", aspectsTask},
		{"langid", "the language of sentences and words: accuracy", langidTask},
		{"learn", "small models and metrics against scikit-learn", evalLearn"match", "products of two merchants paired: precision, recall and F1 on known pairs", matchTask},
		{"near-duplicates", "texts that say much the same: recall against all pairs, planted copies", duplicatesTask},
		{"ner", "names of products, brands and organizations: exact-span F1", nerTask},
		{"readability", "readability formulas: rank correlation with how hard people find texts", readabilityTask},
		{"sentiment", "polarity of sentences and of pros and cons: accuracy, macro-F1", sentimentTask},
		{"sts", "similarity of sentences without a model: correlation with people", stsTask},
	}
}
