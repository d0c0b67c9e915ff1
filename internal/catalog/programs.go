package catalog

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"

	"empire/internal/domain"
)

// programColumns maps the names of columns, and of JSON fields, to ours.
var programColumns = map[string]string{
	"network": "network", "advertiser_id": "advertiser_id", "advertiser id": "advertiser_id", "merchant_id": "advertiser_id", "program_id": "advertiser_id",
	"name": "name", "advertiser_name": "name", "advertiser name": "name", "program": "name", "programme": "name",
	"joined": "joined", "membership status": "joined", "membership_status": "joined", "open": "open",
	"commission_percent": "commission_percent", "commission_fixed": "commission_fixed", "currency": "currency",
	"epc": "epc", "link_way": "link_way", "links": "link_way",
	"cookie_days": "cookie_days", "deep_links": "deep_links", "domains": "domains",
	"traffic_requirements": "traffic_requirements", "traffic requirements": "traffic_requirements", "traffic": "traffic_requirements",
	"sectors": "sectors", "sector": "sectors", "categories": "sectors", "primary sector": "sectors", "niche": "sectors", "niches": "sectors",
}

// ReadPrograms reads affiliate programs from a CSV file with a header or from a JSON
// array of objects with the same names: network (awin by default), advertiser_id,
// name, joined, open (yes by default), commission_percent, commission_fixed,
// currency, epc (what 100 clicks earned, in currency), cookie_days, deep_links, domains,
// link_way (direct or redirect), traffic_requirements (low, medium or high), sectors.
// Programs have no ID yet.
//
// A program without advertiser_id or name is left out; a value that cannot be read
// is left unknown. Both are returned as problems, for JSON with the number of the
// object in place of the line. Of two entries for one program the later counts. The
// error is of CodeMalformed, for a file that is neither.
func ReadPrograms(r io.Reader) ([]domain.Program, []domain.RowProblem, error) {
	data, err := readWhole(r)
	if err != nil {
		return nil, nil, err
	}
	pr := &programReader{byKey: map[string]int{}}
	if trimmed := bytes.TrimSpace(data); len(trimmed) > 0 && (trimmed[0] == '[' || trimmed[0] == '{') {
		err = pr.readJSON(trimmed)
	} else {
		err = pr.readCSV(data)
	}
	if err != nil {
		return nil, nil, err
	}
	return pr.programs, pr.problems, nil
}

type programReader struct {
	programs []domain.Program
	problems []domain.RowProblem
	byKey    map[string]int
	line     int
	get      func(column string) string
}

func (pr *programReader) readCSV(data []byte) error {
	if fault := foreignFormat(data); fault != nil {
		return domain.Errorf(domain.CodeMalformed, "The file is neither CSV nor JSON with affiliate programs.")
	}
	nameOf := func(cell string) string { return programColumns[strings.ToLower(strings.TrimSpace(cell))] }
	t := openTable(data, nameOf, "advertiser_id")
	if t == nil || t.lay.index("name") < 0 {
		return domain.Errorf(domain.CodeMalformed, "The file has no header with the columns advertiser_id and name.")
	}
	pr.get = t.get
	for {
		problem, ok := t.next()
		switch {
		case !ok:
			return nil
		case problem != nil:
			pr.problems = append(pr.problems, *problem)
		default:
			pr.line = t.first + t.at.line
			pr.add()
		}
	}
}

func (pr *programReader) readJSON(data []byte) error {
	var objects []map[string]any
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	var err error
	if data[0] == '{' {
		var wrapped struct {
			Programs []map[string]any `json:"programs"`
		}
		err = dec.Decode(&wrapped)
		objects = wrapped.Programs
	} else {
		err = dec.Decode(&objects)
	}
	if err != nil {
		return &domain.Error{Code: domain.CodeMalformed, Message: "The file is not a JSON array of affiliate programs.", Err: err}
	}
	for i, object := range objects {
		values := make(map[string]string, len(object))
		for name, v := range object {
			if column, ok := programColumns[strings.ToLower(name)]; ok {
				values[column], _ = plainText(jsonText(v), false)
			}
		}
		pr.line = i + 1
		pr.get = func(column string) string { return values[column] }
		pr.add()
	}
	return nil
}

// jsonText is a JSON value as a cell of a table would hold it.
func jsonText(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case []any:
		parts := make([]string, len(v))
		for i := range v {
			parts[i] = jsonText(v[i])
		}
		return strings.Join(parts, " ")
	default:
		return fmt.Sprint(v)
	}
}

func (pr *programReader) problem(reason, detail string) {
	pr.problems = append(pr.problems, domain.RowProblem{Line: pr.line, Reason: reason, Detail: shorten(detail, 60)})
}

// add reads one program from the current row.
func (pr *programReader) add() {
	p := domain.Program{
		Network: strings.ToLower(firstOf(pr.get("network"), "awin")), AdvertiserID: pr.get("advertiser_id"), Name: pr.get("name"), Source: "file",
		Joined: pr.flag("joined", false), Open: pr.flag("open", true), DeepLinks: pr.flag("deep_links", false),
	}
	switch {
	case p.AdvertiserID == "":
		pr.problem("no_advertiser_id", p.Name)
		return
	case !validKey(p.AdvertiserID):
		pr.problem("bad_advertiser_id", p.AdvertiserID)
		return
	case p.Name == "" || len(p.Name) > maxNameLen:
		pr.problem("no_name", p.AdvertiserID)
		return
	}
	pr.commission(&p)
	pr.earnings(&p)
	pr.cookieDays(&p)
	pr.domains(&p)
	pr.audience(&p)
	key := p.Network + "\x00" + p.AdvertiserID
	if i, twice := pr.byKey[key]; twice {
		pr.problem(noteDuplicate, p.AdvertiserID)
		pr.programs[i] = p
		return
	}
	pr.byKey[key] = len(pr.programs)
	pr.programs = append(pr.programs, p)
}

func (pr *programReader) flag(column string, unknown bool) bool {
	s := pr.get(column)
	switch strings.ToLower(s) {
	case "1", "true", "yes", "y", "ja", "joined", "active", "open":
		return true
	case "0", "false", "no", "n", "nein", "not joined", "inactive", "closed", "paused", "pending", "rejected":
		return false
	case "":
		return unknown
	}
	pr.problem(column+"_unreadable", s)
	return unknown
}

func (pr *programReader) commission(p *domain.Program) {
	if s := pr.get("commission_percent"); s != "" {
		if points, ok := basisPoints(s); ok {
			p.CommissionBasisPoints = &points
		} else {
			pr.problem("commission_percent_unreadable", s)
		}
	}
	if s := pr.get("commission_fixed"); s != "" {
		m, reason := parseCost(s, columnCurrency(pr.get("currency")))
		switch {
		case reason != "":
			pr.problem("commission_fixed_unreadable", s)
		case m.Minor > 0:
			p.CommissionFixed = &m
		}
	}
}

// earnings reads what clicks earn, and how pages may lead to the merchant.
func (pr *programReader) earnings(p *domain.Program) {
	if s := pr.get("epc"); s != "" {
		m, reason := parseCost(s, columnCurrency(pr.get("currency")))
		switch {
		case reason != "":
			pr.problem("epc_unreadable", s)
		case m.Minor >= 0:
			p.EPC = &m
		}
	}
	if s := pr.get("link_way"); s != "" {
		if w := domain.LinkWay(strings.ToLower(s)); w.Valid() {
			p.LinkWay = w
		} else {
			pr.problem("link_way_unreadable", s)
		}
	}
}

// basisPoints reads "4.5", "4,5 %" or "12.25%" exactly: at most 100 percent, at
// most two decimals.
func basisPoints(s string) (int, bool) {
	s = strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(s), "%"))
	s = strings.Replace(s, ",", ".", 1)
	whole, frac, _ := strings.Cut(s, ".")
	frac = strings.TrimRight(frac, "0")
	if !allDigits(whole) || frac != "" && !allDigits(frac) || len(frac) > 2 || len(whole) > 3 {
		return 0, false
	}
	points, err := strconv.Atoi(whole + (frac + "00")[:2])
	return points, err == nil && points <= 10000
}

func (pr *programReader) cookieDays(p *domain.Program) {
	s := pr.get("cookie_days")
	if s == "" {
		return
	}
	days, err := strconv.Atoi(s)
	if err != nil || days < 0 || days > 3650 {
		pr.problem("cookie_days_unreadable", s)
		return
	}
	p.CookieDays = &days
}

func (pr *programReader) domains(p *domain.Program) {
	for _, s := range splitList(pr.get("domains"), " ,;|\n") {
		host := strings.TrimPrefix(strings.TrimPrefix(s, "https://"), "http://")
		host, _, _ = strings.Cut(host, "/")
		name, err := domain.ValidateDomain(strings.TrimPrefix(host, "*."))
		if err != nil {
			pr.problem("domain_invalid", s)
			continue
		}
		if !slices.Contains(p.Domains, name) {
			p.Domains = append(p.Domains, name)
		}
	}
}

// audience reads what the advertiser asks of its publishers, and what it sells.
func (pr *programReader) audience(p *domain.Program) {
	switch s := strings.ToLower(pr.get("traffic_requirements")); s {
	case "", "none", "any":
	case "low", "medium", "high":
		p.Traffic = domain.TrafficLevel(s)
	default:
		pr.problem("traffic_requirements_unreadable", s)
	}
	for _, s := range splitList(pr.get("sectors"), ",;|\n") {
		if s = strings.TrimSpace(s); s != "" && len(s) <= maxNameLen && !slices.Contains(p.Sectors, s) {
			p.Sectors = append(p.Sectors, s)
		}
	}
}

// wholeNumber reads a count with or without grouping; ok is false for a range, an
// abbreviation or a fraction.
func wholeNumber(s string) (int, bool) {
	s = spaces.Replace(s)
	for _, group := range []byte(",.' ") {
		if strings.IndexByte(s, group) >= 0 {
			if !grouped(s, group) {
				return 0, false
			}
			s = strings.ReplaceAll(s, string(group), "")
		}
	}
	n, err := strconv.Atoi(s)
	return n, err == nil && allDigits(s) && n <= math.MaxInt32
}
