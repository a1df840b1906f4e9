/* Sphinx' own weights, and: a page of the package that only mentions a word comes after the chapters that do. */
var Scorer = {
  objNameMatch: 11,
  objPartialMatch: 6,
  objPrio: { 0: 15, 1: 5, 2: -5 },
  objPrioDefault: 0,
  title: 15,
  partialTitle: 7,
  term: 5,
  partialTerm: 2,
  score: ([page, title, anchor, description, score]) =>
    page.startsWith("package/") && score < Scorer.title ? score - 100 : score,
};
