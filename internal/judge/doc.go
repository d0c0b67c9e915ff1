// Package judge lets other people's judges look at whole sites, as the edge serves
// them: Lighthouse on desktop and mobile, html-validate, the Nu HTML Checker and
// axe-core; beside them stand the program's own promises (no sideways scroll at 320
// pixels, page weight, no request to other hosts, nothing stored in the browser, the
// same text without script). It has tests only.
//
//	EMPIRE_TEST_JUDGE_SITES    all: every site of the list; else the sample site alone
//	EMPIRE_TEST_JUDGES         folder with node_modules of the judges
//	EMPIRE_TEST_JUDGE_DATA     data directory that is kept; sites in it are judged as they are
//	EMPIRE_TEST_JUDGE_SCORES   off: without Lighthouse, whose scores suffer from other load
//	EMPIRE_TEST_JUDGE_REPORTS  folder for Lighthouse's reports
//
// `make judge-sites` runs all.
package judge
