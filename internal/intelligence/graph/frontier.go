package graph

// frontier is a priority queue of nodes by distance, nearest first; equal distances come
// out by position, so that a search is the same each time.
type frontier []reach

type reach struct {
	dist float64
	node int32
}

func (a reach) before(b reach) bool {
	return a.dist < b.dist || a.dist == b.dist && a.node < b.node
}

func (h *frontier) push(dist float64, node int32) {
	*h = append(*h, reach{dist, node})
	s := *h
	for i := len(s) - 1; i > 0; {
		up := (i - 1) / 2
		if !s[i].before(s[up]) {
			return
		}
		s[i], s[up] = s[up], s[i]
		i = up
	}
}

func (h *frontier) pop() reach {
	s := *h
	top := s[0]
	last := len(s) - 1
	s[0] = s[last]
	s = s[:last]
	*h = s
	for i := 0; ; {
		least := i
		for down := 2*i + 1; down <= 2*i+2 && down < last; down++ {
			if s[down].before(s[least]) {
				least = down
			}
		}
		if least == i {
			return top
		}
		s[i], s[least] = s[least], s[i]
		i = least
	}
}
