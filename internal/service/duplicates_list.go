package service

import (
	"cmp"
	"context"
	"slices"

	"empire/internal/domain"
)

// Bounds of a look at the whole portfolio.
const (
	maxLook     = 32   // pages before it in a bucket that a page is held against; copies are linked over each other
	sampledMost = 1000 // pairs that the median similarity is taken from
	retireShare = 0.8  // of a website's pages that are said elsewhere: then the website is to go
)

// List compares all live pages of the tenant of different websites and returns
// clusters of near-duplicates, the largest first, and pairs of websites that look like
// doorways. A threshold of 0 is that of the configuration.
func (s *Duplicates) List(ctx context.Context, threshold float64, w domain.Window) (*domain.DuplicateReport, error) {
	if _, err := domain.Require(ctx, domain.IntelligenceUse); err != nil {
		return nil, err
	}
	if threshold == 0 {
		threshold = cmp.Or(s.cfg.Threshold, domain.DefaultDuplicateThreshold)
	}
	if threshold < domain.MinDuplicateThreshold || threshold > 1 {
		return nil, domain.Invalid("threshold", "The threshold must be between %.2f and 1.", domain.MinDuplicateThreshold)
	}
	l := &duplicateLook{s: s, report: domain.DuplicateReport{Threshold: threshold}}
	for _, step := range []func(context.Context) error{l.open, l.pair, l.sample, l.doorways} {
		if err := step(ctx); err != nil {
			return nil, err
		}
	}
	all := l.clusters()
	l.report.Total = len(all)
	from := min(w.Offset, len(all))
	if w.Limit <= 0 {
		w.Limit = 50
	}
	l.report.Clusters = all[from:min(from+w.Limit, len(all))]
	return &l.report, nil
}

// duplicateLook is one look at the portfolio of a tenant.
type duplicateLook struct {
	s        *Duplicates
	tenant   domain.TenantID
	report   domain.DuplicateReport
	pages    []domain.PageSignature // without hashes
	index    map[int64]int          // of pages by Num
	profiles []domain.SiteProfile
	hosts    map[domain.WebsiteID]string
	held     map[int64]*domain.PageSignature // with hashes: those of pairs
	pairs    []pagePair                      // near-duplicates
	group    []int                           // by page, another page of its cluster; see root
}

// pagePair is two pages by their place in pages.
type pagePair struct {
	a, b       int
	similarity float64
}

func (l *duplicateLook) open(ctx context.Context) (err error) {
	l.tenant = scope(ctx)
	if l.pages, err = l.s.cfg.Store.Live(ctx, l.tenant); err != nil {
		return err
	}
	if l.profiles, err = l.s.cfg.Store.Profiles(ctx, l.tenant); err != nil {
		return err
	}
	l.index, l.group = make(map[int64]int, len(l.pages)), make([]int, len(l.pages))
	for i := range l.pages {
		l.index[l.pages[i].Num], l.group[i] = i, i
	}
	l.hosts = make(map[domain.WebsiteID]string, len(l.profiles))
	for i := range l.profiles {
		l.hosts[l.profiles[i].WebsiteID] = l.profiles[i].Domain
	}
	l.report.Websites, l.report.Pages = len(l.profiles), len(l.pages)
	_, l.report.Pending, err = l.s.cfg.Store.Pending(ctx, l.tenant, 1)
	return err
}

// pair holds pages that share a band against each other.
func (l *duplicateLook) pair(ctx context.Context) error {
	seen := map[[2]int]bool{}
	var bucket []int
	last := int64(0)
	err := l.s.cfg.Store.Bands(ctx, func(band, num int64) {
		if band != last {
			bucket, last = bucket[:0], band
		}
		i, ok := l.index[num]
		if !ok {
			return // another tenant's, or not live
		}
		for _, j := range bucket[max(0, len(bucket)-maxLook):] {
			if l.pages[i].WebsiteID != l.pages[j].WebsiteID {
				seen[[2]int{min(i, j), max(i, j)}] = true
			}
		}
		bucket = append(bucket, i)
	})
	if err != nil {
		return err
	}
	list := make([][2]int, 0, len(seen))
	nums := make([]int64, 0, 2*len(seen))
	for p := range seen {
		list = append(list, p)
		nums = append(nums, l.pages[p[0]].Num, l.pages[p[1]].Num)
	}
	slices.SortFunc(list, func(a, b [2]int) int { return cmp.Or(cmp.Compare(a[0], b[0]), cmp.Compare(a[1], b[1])) })
	slices.Sort(nums)
	if l.held, err = l.s.whole(ctx, slices.Compact(nums)); err != nil {
		return err
	}
	l.report.Compared = len(list)
	for _, p := range list {
		a, b := l.held[l.pages[p[0]].Num], l.held[l.pages[p[1]].Num]
		if a == nil || b == nil {
			continue // gone meanwhile
		}
		if sim, _ := l.s.alike(a, b, l.report.Threshold); sim > 0 {
			l.pairs = append(l.pairs, pagePair{p[0], p[1], sim})
			l.group[l.root(p[0])] = l.root(p[1])
		}
	}
	l.report.Pairs = len(l.pairs)
	return nil
}

// root returns the page that stands for the cluster of a page.
func (l *duplicateLook) root(i int) int {
	for l.group[i] != i {
		l.group[i] = l.group[l.group[i]]
		i = l.group[i]
	}
	return i
}

// sample takes the median similarity of pages of one kind on different websites. The
// sample is the same for the same pages.
func (l *duplicateLook) sample(ctx context.Context) error {
	kinds := map[domain.PageKind][]int{}
	for i := range l.pages {
		kinds[l.pages[i].Kind] = append(kinds[l.pages[i].Kind], i)
	}
	var list [][2]int
	x := uint64(1)
	for tries := 0; tries < 4*sampledMost && len(list) < sampledMost && len(l.pages) > 1; tries++ {
		x = x*6364136223846793005 + 1442695040888963407
		i := int(x >> 33 % uint64(len(l.pages))) //nolint:gosec // less than their number
		same := kinds[l.pages[i].Kind]
		x = x*6364136223846793005 + 1442695040888963407
		j := same[x>>33%uint64(len(same))]
		if l.pages[i].WebsiteID != l.pages[j].WebsiteID {
			list = append(list, [2]int{i, j})
		}
	}
	var values []float64
	for part := range slices.Chunk(list, 200) {
		var nums []int64
		for _, p := range part {
			nums = append(nums, l.pages[p[0]].Num, l.pages[p[1]].Num)
		}
		slices.Sort(nums)
		held, err := l.s.whole(ctx, slices.Compact(nums))
		if err != nil {
			return err
		}
		for _, p := range part {
			if a, b := held[l.pages[p[0]].Num], held[l.pages[p[1]].Num]; a != nil && b != nil {
				values = append(values, l.s.cfg.Signer.Similarity(a, b))
			}
		}
	}
	if l.report.Sampled = len(values); len(values) > 0 {
		slices.Sort(values)
		l.report.Median = values[len(values)/2]
	}
	return nil
}

func (l *duplicateLook) doorways(ctx context.Context) error {
	l.report.Doorways = []domain.Doorway{}
	for i := range l.profiles {
		if err := ctx.Err(); err != nil {
			return err
		}
		l.report.Doorways = append(l.report.Doorways, l.s.cfg.Signer.Doorways(&l.profiles[i], l.profiles[i+1:])...)
		if len(l.report.Doorways) >= maxDoorways {
			l.report.Doorways = l.report.Doorways[:maxDoorways]
			break
		}
	}
	return nil
}

// clusters returns the groups of pages, the largest first, each with what to do.
func (l *duplicateLook) clusters() []domain.DuplicateCluster {
	groups, highest := map[int][]int{}, map[int]float64{}
	for _, p := range l.pairs {
		r := l.root(p.a)
		groups[r] = append(groups[r], p.a, p.b)
		highest[r] = max(highest[r], p.similarity)
	}
	out := []domain.DuplicateCluster{}
	elsewhere := map[domain.WebsiteID]int{} // pages that another one stays for
	for r, list := range groups {
		slices.Sort(list)
		c := domain.DuplicateCluster{Highest: highest[r]}
		for _, i := range slices.Compact(list) {
			c.Members = append(c.Members, domain.DuplicateMember{PagePlace: placeOf(&l.pages[i], l.hosts), Similarity: 1, Proposal: domain.ProposeKeep})
		}
		places := slices.Compact(list)
		slices.SortFunc(c.Members, func(a, b domain.DuplicateMember) int {
			if a.Before(&b.PagePlace) {
				return -1
			}
			return 1
		})
		l.against(&c, places)
		for _, m := range c.Members[1:] {
			elsewhere[m.WebsiteID]++
		}
		out = append(out, c)
	}
	sizes := map[domain.WebsiteID]int{}
	for i := range l.pages {
		sizes[l.pages[i].WebsiteID]++
	}
	for i := range out {
		for j := range out[i].Members[1:] {
			m := &out[i].Members[j+1]
			m.Proposal = domain.ProposeMerge
			if float64(elsewhere[m.WebsiteID]) >= retireShare*float64(sizes[m.WebsiteID]) {
				m.Proposal = domain.ProposeRetire
			}
		}
	}
	slices.SortFunc(out, func(a, b domain.DuplicateCluster) int {
		x, y := &a.Members[0], &b.Members[0]
		return cmp.Or(cmp.Compare(len(b.Members), len(a.Members)), cmp.Compare(b.Highest, a.Highest), cmp.Compare(x.WebsiteID, y.WebsiteID), cmp.Compare(x.Path, y.Path))
	})
	return out
}

// against sets how much each page of a cluster says what its first one says.
func (l *duplicateLook) against(c *domain.DuplicateCluster, places []int) {
	by := map[domain.PageID]*domain.PageSignature{}
	for _, i := range places {
		by[l.pages[i].PageID] = l.held[l.pages[i].Num]
	}
	first := by[c.Members[0].PageID]
	for i := range c.Members[1:] {
		m := &c.Members[i+1]
		m.Similarity = l.s.cfg.Signer.Similarity(first, by[m.PageID])
	}
}
