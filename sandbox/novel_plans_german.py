"""The German setups, premises and outlines of the writer's stand-in."""

from sandbox.novel_tongue import Plans

PLANS = Plans(
    names=("Mira", "Jonas", "Ada", "Tobias", "Lena", "Emil", "Clara", "Anton"),
    looks=(
        "eine schmale Gestalt im grauen Mantel, mit Tinte an den Fingern und wachem Blick",
        "groß und hager, mit rotem Schal, kurzem dunklem Haar und einem späten Lachen",
        "kräftig, sommersprossig, in geflickter blauer Jacke, nie ohne Notizbuch",
        "grauhaarig und aufrecht, in einer alten grünen Weste mit Uhrkette",
        "klein und flink, mit hellen Augen, Strohhut und einem falschen Schnürsenkel",
    ),
    settings=(
        "{Place}, wo die Abende lang sind und alle ein wenig zu viel wissen",
        "{Place}, in einem Jahr, in dem keine Jahreszeit sich an sich selbst hält",
        "{Place}, am Rand dessen, was die Karten noch zeigen",
    ),
    plots=(
        "Damit fängt es an: {topic}. {Hero} muss herausfinden, wem das nützt, bevor {friend} dafür bezahlt.",
        "Im Kern: {topic}. Ein altes Versprechen, eine versteckte Nachricht und eine Wahl ohne Rückweg.",
    ),
    ideas=(
        (
            "{Hero} von der anderen Seite",
            "Erzählt wird aus der Sicht dessen, der am meisten zu verlieren hat: {topic}. {Hero} glaubt "
            "{friend}, bis {place} eine kleine Lüge eine große zu Fall bringt.",
        ),
        (
            "Sieben Tage und ein Geheimnis",
            "Alles geschieht {place} in einer einzigen Woche: {topic}. Jeder Tag nimmt {hero} etwas, und am "
            "letzten bleibt nur ein Gegenstand, den niemand haben wollte.",
        ),
        (
            "Was {friend} verschwieg",
            "Jahre danach kommt {friend} {place} zurück und bringt die Hälfte mit, die nie erzählt wurde: "
            "{topic}. {Hero} muss entscheiden, ob man ihr zuhört.",
        ),
    ),
    premises=(
        "{Hero} hat nur noch eines zu klären, und es duldet keinen Aufschub: {topic}. Was es kostet, und wer "
        "am Ende dafür bezahlt, weiß niemand.",
        "Es beginnt mit einer einfachen Sache: {topic}. Doch als {friend} mit dem einzigen Beweis "
        "verschwindet, muss {hero} zwischen Sicherheit und Wahrheit wählen.",
        "Zuerst glaubt es niemand, und doch ist es geschehen: {topic}. Nun haben {hero} und {friend} bis zum "
        "Morgen Zeit, es zu richten oder alles zu verlieren.",
    ),
    book_titles=(
        "{Hero} und das Schweigen",
        "Was {hero} fand",
        "Ein Licht für {hero}",
        "Die letzte Nacht von {hero}",
    ),
    titles=(
        ("Ein gewöhnlicher Morgen", "Der Brief unter der Tür", "{Hero} stellt eine Frage", "Der erste Riss"),
        (
            "Der lange Weg hinab",
            "Eine halbe Karte",
            "{Friend} schweigt",
            "Das verschlossene Zimmer",
            "Eine alte Schuld",
            "Stimmen in der Wand",
            "Der falsche Schlüssel",
        ),
        ("Die Stunde vor dem Licht", "{Hero} kehrt um", "Der Preis", "Was übrig blieb"),
    ),
    deeds=(
        (
            "{Hero} geht {place} dem Alltag nach, bis eine Kleinigkeit nicht an ihrem Platz liegt.",
            "Eine Nachricht trifft ein, und in ihr steht nur eines: {topic}.",
            "{Hero} erzählt {friend} davon und findet keinen Glauben.",
            "Eine alte Regel wird gebrochen, und nur {hero} hat es gesehen.",
        ),
        (
            "{Hero} folgt der Spur allein und merkt, dass jemand schneller war.",
            "Zwei Hinweise passen zusammen, und der dritte liegt näher als gedacht.",
            "{Friend} verbirgt etwas, und {hero} möchte es lieber nicht wissen.",
            "Ein Ausweg ist versperrt, und der nächste kostet mehr, als {hero} hat.",
            "Es kommt {place} zum Streit, und beide haben recht.",
            "Im schlimmsten Augenblick findet {hero} Hilfe, wo niemand gesucht hat.",
            "Ein Plan scheitert und zeigt gerade dadurch, was von Anfang an falsch war.",
        ),
        (
            "{Hero} begreift, worum es die ganze Zeit ging: {topic}.",
            "{Hero} geht an den Anfang zurück und tut diesmal das Schwere.",
            "Die Wahrheit kommt {place} ans Licht, und {friend} muss sich ihr stellen.",
            "Was verloren ist, wird gezählt, was bleibt, wird geteilt, und {hero} geht heim.",
        ),
    ),
    events=(
        ("{Hero} findet ein Zeichen.", "{Friend} glaubt nicht daran.", "Die Ruhe ist vorbei."),
        (
            "{Hero} verliert die Spur und findet eine andere.",
            "{Friend} sagt die halbe Wahrheit.",
            "Es gibt kein Zurück.",
            "Ein Versprechen wird gebrochen.",
        ),
        ("{Hero} entscheidet sich.", "Das Geheimnis ist heraus.", "{Friend} und {hero} bleiben zusammen."),
    ),
    narrations=(
        "Nun hört gut zu, denn hier erfährt {hero} zum ersten Mal davon.",
        "Ganz leise, als dürfte es niemand wissen, geht {hero} den nächsten Schritt.",
        "Und {friend}, sonst nie um eine Antwort verlegen, sagte gar nichts.",
        "Der Wind legt sich, die Lampe brennt herunter, und {hero} wartet.",
        "Manche Augenblicke wiegen mehr als Jahre, und dies war einer davon.",
        "So kam es, und nicht einmal {friend} hätte es verhindert.",
        "Langsam ging die Tür auf, und nichts war mehr wie zuvor.",
    ),
    touched=(
        "Diesmal nach Wunsch: {instruction}.",
        "Auch hier zeigt sich die Änderung: {instruction}.",
        "Neu gefasst mit diesem Gedanken: {instruction}.",
    ),
    told="„{title}“: {event}",
    digest=("So fängt es an: {sentence}", "Inzwischen ist es so weit gekommen: {sentence}"),
    act="Akt",
    replies={
        "generate_premise": "Sehr gern, ich fasse die Idee in ein oder zwei Sätzen zusammen.",
        "generate_outline": "Gut, ich lege die Szenen von der ersten bis zur letzten fest.",
        "start_writing": "Wunderbar, fangen wir mit der ersten Seite an.",
        "continue_writing": "Gern, ich schreibe dort weiter, wo die Geschichte aufgehört hat.",
        "refine_outline": "Natürlich, ich ändere die Gliederung genau so, wie du es sagst.",
        "export": "Das Buch ist so gut wie gebunden; wähle eine Form, und ich gebe es dir.",
        "none": "Ich höre zu: Sag mir, ob ich planen, schreiben, ändern oder exportieren soll.",
    },
)
