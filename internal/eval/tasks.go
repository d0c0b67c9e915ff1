package eval

// tasks lists every task, one line each, in alphabetical order.
func tasks() []task {
	return []task{
		{"graph", "measures of graphs against NetworkX", evalGraph},
		{"learn", "small models and metrics against scikit-learn", evalLearn},
	}
}
