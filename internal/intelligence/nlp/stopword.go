package nlp

import "strings"

// StopWord reports whether a lower-case word is one of the commonest of its
// language, which say nothing about what a text is about.
func StopWord(language, word string) bool { return stopWords[language][word] }

var stopWords = map[string]map[string]bool{
	English: wordSet(`a an the and or but nor so yet if then than that this these those there here of to in on at by for from with
		without about into onto over under up down out off as is are was were be been being am do does did done doing have has had
		having will would shall should can could may might must it its he him his she her hers they them their theirs we us our
		ours you your yours i me my mine who whom whose which what when where why how all any both each few more most other some
		such only own same too very just also not no s t d ll re ve m while during between through because until again once before after since along among across within every much many even still ever never yet now around
		one's it's i'm don't doesn't didn't isn't wasn't aren't can't won't`),
	German: wordSet(`der die das den dem des ein eine einer eines einem einen und oder aber denn sondern doch wenn als dass daß ob weil
		in im an am auf aus bei beim mit nach seit von vom zu zum zur für gegen ohne um durch über unter vor hinter neben zwischen
		ist sind war waren sei sein bin bist seid wird werden wurde wurden worden geworden hat haben hatte hatten habe hast kann
		können konnte muss müssen soll sollen sollte will wollen darf dürfen mag er sie es wir ihr ich du man mich mir dich dir
		ihn ihm ihnen uns euch sein seine seiner seines seinem seinen ihre ihrer ihres ihrem ihren mein meine unser unsere dein
		dieser diese dieses diesem diesen jener jene welcher welche welches was wer wo wie wann warum nicht kein keine keinen
		auch nur noch schon sehr so da dann dort hier mehr als bis während sich selbst einander alle alles jeder jede jedes`),
}

// negations turn what is said into its opposite.
var negations = map[string]map[string]bool{
	English: wordSet(`not no never none nobody nothing neither nor without cannot can't won't don't doesn't didn't isn't wasn't aren't
		weren't couldn't wouldn't shouldn't hasn't haven't hadn't n't dont doesnt didnt isnt wasnt cant wont hardly barely scarcely`),
	German: wordSet(`nicht kein keine keinen keinem keiner keines nie niemals nichts niemand weder ohne nirgends kaum`),
}

func wordSet(text string) map[string]bool {
	out := map[string]bool{}
	for _, w := range strings.Fields(text) {
		out[w] = true
	}
	return out
}
