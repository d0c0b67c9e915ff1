// Package graph holds graphs in memory and measures them: which nodes matter, what
// is near what, and what belongs together. It also keeps the knowledge graph of the
// portfolio, of which every part can be taken back with the source that told it.
//
//	Graph      nodes and edges with attributes, in order of their arrival
//	CSR        the same edges in compressed rows, for algorithms (Graph.CSR)
//	Knowledge  typed nodes and relations, each the sum of contributions of sources
//
// The measures are those of NetworkX, with its definitions for the odd cases:
//
//	self loop       counts twice in a degree of an undirected graph, once in the
//	                adjacency matrix of PageRank and HITS, never in clustering or in
//	                shortest paths; its weight is inside its community
//	parallel edges  in a multigraph each counts in degrees, their weights are summed
//	                for PageRank, HITS and modularity, the lightest is used for paths;
//	                in a simple graph the last one replaces the earlier
//	dangling edge   an edge in a file that names a node which the file does not list:
//	                the node is added without attributes and counted in the report,
//	                or refused if the caller asks for strict reading
//	dangling node   a node without outgoing edges: PageRank spreads its rank evenly
//
// A Graph may be read by many goroutines, but not while it is changed. A CSR never
// changes. Every algorithm gives the same answer each time; those that draw at random
// take a seed.
package graph
