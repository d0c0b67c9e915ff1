// Package proof holds the proofs that need whole processes and patience: kill
// storms, outages and soaks. It has tests only. They run in a short form with the
// other tests; `make storm`, `make outage` and `make soak` run the long ones.
package proof
