package app_test

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"empire/internal/app"
	"empire/internal/domain"
	"empire/internal/testkit"
	"empire/internal/testkit/browsertest"
)

// firstDay is a new operator at the dashboard of a fresh installation.
type firstDay struct {
	*testing.T

	tab  *browsertest.Tab
	base string // of the dashboard
}

// visitor is a browser that is no bot.
const visitor = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"

// fill types into the fields of a form; a list ticks its values.
func (d *firstDay) fill(form string, fields map[string]any) {
	d.Helper()
	raw, err := json.Marshal(fields)
	if err != nil {
		d.Fatal(err)
	}
	missing := browsertest.Eval[string](d.tab, `(() => {
		const form = document.querySelector(`+fmt.Sprintf("%q", form)+`);
		if (!form) return "the form itself";
		for (const [name, value] of Object.entries(`+string(raw)+`)) {
			const field = form.elements[name];
			if (!field) return name;
			if (Array.isArray(value)) for (const box of form.querySelectorAll("input[type=checkbox]")) box.checked = box.name !== name ? box.checked : value.includes(box.value);
			else field.value = value;
		}
		return "";
	})()`)
	if missing != "" {
		d.Fatalf("the form %s lacks %s:\n%s", form, missing, d.text())
	}
}

// send sends a form and returns the path that it leads to.
func (d *firstDay) send(form string) string {
	d.Helper()
	at, err := url.Parse(d.tab.Go(`document.querySelector(` + fmt.Sprintf("%q", form) + `).requestSubmit()`))
	if err != nil {
		d.Fatal(err)
	}
	return at.Path
}

func (d *firstDay) open(path string) {
	d.Helper()
	d.tab.Visit(d.base+path, 1440)
}

func (d *firstDay) text() string {
	d.Helper()
	return browsertest.Eval[string](d.tab, `document.querySelector("main").innerText`)
}

// reads wants texts on the page; those that begin with ! must not be there.
func (d *firstDay) reads(texts ...string) {
	d.Helper()
	page := d.text()
	for _, text := range texts {
		if absent, not := strings.CutPrefix(text, "!"); strings.Contains(page, absent) == not {
			d.Errorf("the page has or lacks %q:\n%.1500s", text, page)
		}
	}
}

// watch waits until a condition holds in the page, as it changes by itself.
func (d *firstDay) watch(limit time.Duration, condition string) {
	d.Helper()
	if !browsertest.Eval[bool](d.tab, fmt.Sprintf(`new Promise(done => {
		const end = Date.now() + %d;
		const look = () => (%s) ? done(true) : Date.now() > end ? done(false) : setTimeout(look, 50);
		look();
	})`, limit.Milliseconds(), condition)) {
		d.Fatalf("%s does not come true:\n%.2000s", condition, d.text())
	}
}

func (d *firstDay) signIn(email, password string) {
	d.Helper()
	d.open("/sign-in")
	d.fill(`form[action="/sign-in"]`, map[string]any{"email": email, "password": password})
	if at := d.send(`form[action="/sign-in"]`); at != "/" {
		d.Fatalf("signing in leads to %s", at)
	}
}

// approve waits for the question of a run, looks at what a page would rest on, approves it,
// and waits until the run has ended.
func (d *firstDay) approve(run, page string) {
	d.Helper()
	d.watch(2*time.Minute, `document.querySelector('#ask form[action$="/decision"]')`) // it comes by itself
	ask := browsertest.Eval[string](d.tab, `new URL(document.querySelector('#ask h3 a').href).pathname`)
	d.open(ask + "/pages?page=/")
	d.reads(page, "row ")
	d.open(ask)
	d.send(`form[action="` + ask + `/decision"]`)
	d.open(run)
	d.watch(time.Minute, `document.querySelector("#summary h1").textContent.includes("Done")`)
}

// edit changes the heading of the home page of what a run asks about: first with a figure
// that nothing carries, which is refused, then with words.
func (d *firstDay) edit(run, heading string) {
	d.Helper()
	d.watch(2*time.Minute, `document.querySelector('#ask form[action$="/decision"]')`)
	ask := browsertest.Eval[string](d.tab, `new URL(document.querySelector('#ask h3 a').href).pathname`)
	d.open(ask + "/pages?page=/")
	const form = `form:has(input[name="ref"][value="heading"])`
	d.fill(form, map[string]any{"new": heading + " 98765"})
	d.send(form)
	d.reads("98765", "does not rest on evidence")
	d.fill(form, map[string]any{"new": heading})
	if at := d.send(form); at != run {
		d.Fatalf("an edit leads to %s", at)
	}
	d.watch(2*time.Minute, `(document.querySelector('#ask h3 a') || {href: "`+ask+`"}).href.indexOf("`+ask+`") < 0`)
}

// TestFirstDay goes through the first day of an operator in a browser: sign in, launch a
// site from a real feed, watch it being made, look at it, change a heading and approve it, visit it and
// click an offer, see both in the figures, change it, roll back, and add a reader, who
// can change nothing.
func TestFirstDay(t *testing.T) {
	testkit.Unraced(t)
	t.Parallel()
	feed := testkit.Data(t, "products/feed_luma_apparel_en_usd.csv.gz")
	d := &firstDay{T: t, tab: browsertest.Open(t)}
	a := start(t, t.TempDir(), "")
	d.base = strings.TrimSuffix(a.URL(), "/")
	d.tab.Person(visitor)
	admin := a.NewCredentials()
	d.signIn(admin.Email, admin.Password)
	d.reads("Welcome", "Import a product feed")

	d.open("/launch")
	d.fill("#site form", map[string]any{"niche": "jackets", "domain": "jackets.example", "language": "en"})
	if at := d.send("#site form"); at != "/launch/feeds" {
		t.Fatalf("the first step leads to %s", at)
	}
	d.tab.Choose(`#upload input[type="file"]`, feed)
	d.send("#upload form")
	d.send("#legal-data form")
	d.open("/launch/check")
	d.reads("jackets.example", "feed_luma_apparel")
	run := d.send("#check form")
	if !strings.HasPrefix(run, "/runs/") {
		t.Fatalf("the start leads to %s", run)
	}
	d.watch(30*time.Second, `document.querySelectorAll("#steps li").length > 3 && document.getElementById("pulse").textContent === "Live"`)
	const heading = "Jackets, compared by what shops say"
	d.edit(run, heading)
	d.approve(run, "jackets")

	live := "http://jackets.example:" + portOf(t, a)
	d.tab.Visit(live+"/", 1440)
	if got := browsertest.Eval[string](d.tab, `document.querySelector("h1").innerText.trim()`); got != heading {
		t.Errorf("the home page is headed %q, want what was written before the approval, %q", got, heading)
	}
	first := d.siteName()
	if !browsertest.Eval[bool](d.tab, `(() => {
		const offer = document.querySelector('a[rel~="sponsored"]');
		if (!offer) return false;
		offer.addEventListener("click", e => e.preventDefault());
		offer.click();
		return true;
	})()`) {
		t.Fatal("the home page has no offer")
	}
	site := d.siteOf("jackets.example")
	d.open(site)
	for seen := time.Now(); !strings.Contains(d.text(), "1 page view and 1 click on an offer"); d.open(site) {
		if time.Since(seen) > 30*time.Second { // they come within five; more is a machine with other work
			t.Fatalf("visit and click are not in the figures:\n%.1500s", d.text())
		}
	}

	d.open(site + "/settings")
	d.fill(`form[action="`+site+`/settings"]`, map[string]any{"title": "Jackets by their data"})
	d.send(`form[action="` + site + `/settings"]`)
	d.reads("Saved.")
	d.open(site)
	run = d.send(`form[action="` + site + `/rebuild"]`)
	d.approve(run, "jackets")
	d.open(site)
	d.reads("Jackets by their data", "release No. 2 live")
	d.tab.Visit(live+"/?second", 1440) // the browser keeps the first one for a minute
	if name := d.siteName(); name != "Jackets by their data" || name == first {
		t.Errorf("the changed site is called %q, before it was %q", name, first)
	}
	d.open(site + "/releases")
	d.send(`form[action="` + site + `/rollback"]`)
	d.reads("Rolled back.")
	d.tab.Visit(live+"/?third", 1440)
	if name := d.siteName(); name != first {
		t.Errorf("rolled back, the site is called %q, want %q", name, first)
	}
	d.reader(site)
	for _, p := range d.tab.Problems() {
		refused := strings.Contains(p, "422") && strings.HasSuffix(p, "/edits") // the figure that nothing carries
		if !refused && !strings.Contains(p, "Cross-Origin-Opener-Policy") {     // which browsers ignore without TLS, and say so
			t.Errorf("the browser reports: %s", p)
		}
	}
}

// reader adds a user who may read, and looks at what that user sees.
func (d *firstDay) reader(site string) {
	d.Helper()
	const email, password = "reader@shop.example", "a password for reading"
	d.open("/settings/users")
	d.fill("#new form", map[string]any{"email": email, "password": password, "permissions": []string{"websites.read", "agents.read"}})
	d.send("#new form")
	d.reads(email)
	d.send(`form[action="/sign-out"]`)
	d.signIn(email, password)
	for path, absent := range map[string]string{"/": "!Launch a site", "/sites": "!Publish newest", site: "!Rebuild", site + "/releases": "!Roll back", site + "/settings": "!Save", "/settings": "!Users"} {
		d.open(path)
		d.reads(absent)
	}
}

// siteOf finds the page of a website by its domain.
func (d *firstDay) siteOf(host string) string {
	d.Helper()
	d.open("/sites?q=" + host)
	return browsertest.Eval[string](d.tab, `[...document.querySelectorAll("#list a")].map(a => new URL(a.href).pathname).find(p => p.startsWith("/sites/"))`)
}

// siteName is what the open page of a website calls it.
func (d *firstDay) siteName() string {
	d.Helper()
	return browsertest.Eval[string](d.tab, `document.querySelector("header a").innerText.trim()`)
}

// portOf is where the edge listens.
func portOf(t *testing.T, a *app.App) string {
	t.Helper()
	u, err := url.Parse(a.EdgeURL(&domain.Website{Name: "any"}))
	if err != nil {
		t.Fatal(err)
	}
	return u.Port()
}
