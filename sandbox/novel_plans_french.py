"""The French setups, premises and outlines of the writer's stand-in."""

from sandbox.novel_tongue import Plans

PLANS = Plans(
    names=("Mira", "Jonas", "Adèle", "Tobie", "Hélène", "Émile", "Clara", "Samuel"),
    looks=(
        "une silhouette menue en manteau gris, de l'encre aux doigts et le regard attentif",
        "une personne grande et maigre, à l'écharpe rouge, aux cheveux courts et au rire tardif",
        "une personne robuste, aux taches de rousseur, en veste bleue rapiécée, jamais sans carnet",
        "une personne aux cheveux gris, très droite, en gilet vert avec une montre à chaîne",
        "une personne petite et vive, aux yeux clairs, coiffée d'un chapeau de paille",
    ),
    settings=(
        "{Place}, où les soirées sont longues et où chacun en sait un peu trop",
        "{Place}, une année où aucune saison ne tient parole",
        "{Place}, au bord de ce que les cartes montrent encore",
    ),
    plots=(
        "Tout commence ainsi : {topic}. {Hero} doit trouver à qui cela profite avant que {friend} le paie.",
        "Au cœur de tout : {topic}. Une vieille promesse, un message caché et un choix sans retour.",
    ),
    ideas=(
        (
            "L'autre côté : {hero}",
            "C'est celui qui a le plus à perdre qui raconte : {topic}. {Hero} croit {friend} jusqu'au jour "
            "où, {place}, un petit mensonge en fait tomber un grand.",
        ),
        (
            "Sept jours et un secret",
            "Tout se passe {place} en une seule semaine : {topic}. Chaque jour prend quelque chose à {hero}, "
            "et le dernier ne laisse qu'un objet dont personne ne voulait.",
        ),
        (
            "Le silence gardé par {friend}",
            "Des années plus tard, {friend} revient {place} avec la moitié jamais racontée : {topic}. {Hero} "
            "doit décider s'il faut l'écouter.",
        ),
    ),
    premises=(
        "{Hero} n'a plus qu'une chose à régler, et elle ne peut pas attendre : {topic}. Ce que cela coûtera, "
        "et qui devra payer, personne ne le sait.",
        "Cela commence par une affaire simple : {topic}. Mais quand {friend} disparaît avec la seule preuve, "
        "{hero} doit choisir entre la sécurité et la vérité.",
        "Au début personne n'y croit, et pourtant c'est arrivé : {topic}. Maintenant {hero} et {friend} ont "
        "jusqu'au matin pour réparer, ou tout perdre.",
    ),
    book_titles=(
        "{Hero} et le silence",
        "La découverte : {hero}",
        "Une lumière pour {hero}",
        "La dernière nuit avec {hero}",
    ),
    titles=(
        (
            "Un matin ordinaire",
            "La lettre sous la porte",
            "{Hero} pose une question",
            "La première fissure",
        ),
        (
            "La longue descente",
            "La moitié d'une carte",
            "{Friend} se tait",
            "La chambre close",
            "Une vieille dette",
            "Des voix dans le mur",
            "La mauvaise clé",
        ),
        ("L'heure avant la lumière", "{Hero} fait demi-tour", "Le prix", "Ce qui est resté"),
    ),
    deeds=(
        (
            "{Hero} vit sa journée {place} jusqu'à ce qu'un détail ne soit plus à sa place.",
            "Un message arrive, et il ne parle que de ceci : {topic}.",
            "{Hero} raconte tout à {friend}, qui n'en croit rien.",
            "Une vieille règle est brisée, et {hero} seul témoin le voit.",
        ),
        (
            "{Hero} suit la piste et comprend que quelqu'un est passé avant.",
            "Deux indices s'accordent, et le troisième est plus proche qu'on ne pensait.",
            "{Friend} cache quelque chose, et {hero} préfère ne pas savoir.",
            "Une issue se ferme, et la suivante coûte plus que {hero} ne possède.",
            "On se dispute {place}, et chacun a raison au sujet de l'autre.",
            "Au pire moment, {hero} trouve de l'aide là où personne n'a cherché.",
            "Un plan échoue et montre ainsi ce qui n'allait pas depuis le début.",
        ),
        (
            "{Hero} comprend de quoi il s'agissait depuis toujours : {topic}.",
            "{Hero} revient au début et fait cette fois ce qui est difficile.",
            "La vérité éclate {place}, et {friend} doit en répondre.",
            "On compte ce qui est perdu, on partage ce qui reste, et {hero} rentre.",
        ),
    ),
    events=(
        ("{Hero} trouve un signe.", "{Friend} n'y croit pas.", "Le calme est fini."),
        (
            "{Hero} perd la piste et en trouve une autre.",
            "{Friend} dit la moitié de la vérité.",
            "Il n'y a plus de retour.",
            "Une promesse est rompue.",
        ),
        ("{Hero} décide.", "Le secret est connu.", "{Friend} et {hero} restent ensemble."),
    ),
    narrations=(
        "Écoutez bien, car c'est ici que {hero} l'entend pour la première fois.",
        "Tout bas, comme si personne ne devait le savoir, {hero} fait le pas suivant.",
        "Et {friend}, qui avait réponse à tout, ne dit plus rien.",
        "Le vent tombe, la lampe baisse, et {hero} attend.",
        "Certains moments pèsent plus que des années, et c'en était un.",
        "Il en fut ainsi, et même {friend} n'aurait pu l'empêcher.",
        "Lentement la porte s'ouvrit, et rien n'était plus comme avant.",
    ),
    touched=(
        "Cette fois selon le souhait : {instruction}.",
        "Ici aussi le changement se voit : {instruction}.",
        "Réécrit avec cette idée : {instruction}.",
    ),
    told="« {title} » : {event}",
    digest=("Cela commence ainsi : {sentence}", "On en est maintenant là : {sentence}"),
    act="Acte",
    replies={
        "generate_premise": "Avec plaisir, je résume l'idée en une ou deux phrases.",
        "generate_outline": "Bien, je mets les scènes en ordre, de la première à la dernière.",
        "start_writing": "Parfait, commençons par la première page.",
        "continue_writing": "Volontiers, je reprends là où l'histoire s'est arrêtée.",
        "refine_outline": "Bien sûr, je change le plan exactement comme vous le dites.",
        "export": "Le livre est presque relié ; choisissez une forme et je vous le remets.",
        "none": "Je vous écoute : dites-moi s'il faut planifier, écrire, changer ou exporter.",
    },
)
