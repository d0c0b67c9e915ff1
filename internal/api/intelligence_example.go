package api

import "empire/internal/domain"

// What the document shows of market scans.
var (
	exampleOpportunity = opportunityBody{
		ID: "opp_01k2ja", Topic: "mechanical keyboards", Request: object(`{"topic":"mechanical keyboards","language":"en","min_commission":5,"traffic_requirements":"low"}`),
		Research: object(`{"products":824,"currency":"USD"}`), Affiliate: []object{object(`{"program_id":"prog_01k2ja","name":"Example Shop","products":824}`)},
		Programs: optionalObject(`{"programs":[],"searched":12,"partial":false}`), ConfidenceScore: 0.55,
		ConfidenceParts: []object{object(`{"name":"sample_size","value":0.94,"weight":0.25,"inputs":{"products":824,"half":50},"note":"products ÷ (products + half)"}`)},
		Score:           optionalObject(`{"value":0.62,"parts":[{"name":"supply","value":0.94,"weight":0.1,"share":0.125,"contribution":0.1175}],"decision":"enter","calibration":"uncalibrated"}`),
		Viral:           object(`{"value":0.48,"low":0.44,"high":0.52,"method":"…","inputs":{}}`), RevenueReason: "No commission is known for the programs that sell these products.",
		Recommended: []actionBody{{"launch_site", "824 products with a price and a confidence of 0.55 carry a site."}},
		Next:        []actionBody{{"launch_site", "824 products with a price and a confidence of 0.55 carry a site."}},
		Freshness:   object(`{"source":"feeds","stale":false}`), EstimateID: "est_01k2ja", Calibration: domain.Uncalibrated, CreatedAt: exampleTime,
	}
	exampleTrends = trendsBody{
		Industry: "mechanical keyboards", Period: "30d", GeneratedAt: exampleTime,
		Series: []object{object(`{"name":"mechanical keyboards","unit":"index, 100 = maximum","step":"day","method":"…","points":[{"at":"2026-03-01T00:00:00Z","value":61,"gap":false,"level":60.2,"low":58.9,"high":61.5}],"direction":{"direction":"up","significant":true,"p":0.003}}`)},
	}
	exampleEstimate = estimateBody{
		ID: "est_01k2ja", Kind: domain.EstimateLaunch, Subject: "run_01k2ja", Topic: "mechanical keyboards", Model: domain.OpportunityModel, ModelVersion: 1,
		InputsHash: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", Score: object(`{"value":0.62}`), Confidence: 0.55, Calibration: domain.Uncalibrated, CreatedAt: exampleTime,
	}
)
