// Package learn has small classical models and the means to judge them: what the
// program learns from its own data, without a model of a vendor.
//
//	texts     Vectorizer (counts, TF-IDF), TextClassifier
//	classes   Bayes (multinomial and complement), Logistic
//	values    FitLinear, FitRidge, Isotonic
//	groups    KMeans, PCA
//	scales    Scaler
//	judging   Split, StratifiedSplit, Folds, CrossValidate and the metrics
//	keeping   Model, which holds any of them with version, data hash and metrics
//
// Formulas, defaults and results are those of scikit-learn. Rows are sparse: see
// Matrix. Fitting twice gives the same model; what draws at random takes a seed.
// Fitting with fewer rows than a model can learn from is refused with
// CodeNotEnoughData and the number needed. Models may be used by many goroutines.
package learn
