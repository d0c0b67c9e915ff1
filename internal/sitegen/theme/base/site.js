(() => {
  const all = (s, e) => [...(e || document).querySelectorAll(s)]
  // Tables: order the rows themselves, so that all readers hear them in that order.
  for (const tools of all('.tools')) {
    const box = tools.parentNode, body = box.querySelector('tbody'), rows = [...body.rows]
    const heads = all('thead th', box)
    let turned = false
    const rank = (row, k) => +((row.className.match('\\bs' + k + '-(\\d+)') || [0, 0])[1])
    const order = k => {
      const next = k ? rows.slice().sort((a, b) => (rank(a, k) - rank(b, k)) * (turned ? -1 : 1)) : rows
      body.append(...next)
      for (const h of heads) {
        if (!h.dataset.s) continue
        if (h.dataset.s == k) h.setAttribute('aria-sort', (h.dataset.up == '1') != turned ? 'ascending' : 'descending')
        else h.removeAttribute('aria-sort')
      }
    }
    box.classList.add('live')
    for (const input of all('[data-s]', tools)) input.onchange = () => { turned = false; order(+input.dataset.s) }
    for (const h of heads) {
      if (!h.dataset.s) continue
      const b = document.createElement('button')
      b.type = 'button'
      b.append(...h.childNodes)
      h.append(b)
      const input = tools.querySelector('[data-s="' + h.dataset.s + '"]')
      b.onclick = () => { turned = input.checked && !turned; input.checked = true; order(+h.dataset.s) }
    }
  }
  // Search: hide what does not hold all words.
  const find = document.querySelector('.find')
  if (!find) return
  const input = find.querySelector('input'), status = document.getElementById('found'), items = all('.explore .links li')
  let index
  const plain = s => s.toLowerCase().normalize('NFKD').replace(/[\u0300-\u036f]/g, '')
  const run = () => {
    const words = plain(input.value).split(/\s+/).filter(w => w)
    let n = 0
    for (const li of items) {
      const text = plain(li.textContent + ' ' + ((index || {})[li.firstChild.getAttribute('href')] || ''))
      li.hidden = !words.every(w => text.includes(w))
      n += !li.hidden
    }
    for (const s of all('.explore section')) s.hidden = !s.querySelector('li:not([hidden])')
    status.textContent = words.length ? (n ? find.dataset.some : find.dataset.none).replace('#', n) : ''
  }
  input.onfocus = async () => {
    input.onfocus = null
    try { index = await (await fetch(find.dataset.index)).json() } catch { index = {} }
    run()
  }
  input.oninput = run
})()
